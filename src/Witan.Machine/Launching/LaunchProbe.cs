using System.Security.Cryptography;

namespace Witan.Machine;

/// <summary>The three launch tests: debug, production, and an enclave that Intel has signed.</summary>
internal static class LaunchProbe
{
    /// <summary>ATTRIBUTES: the enclave may be read from outside; it runs in 64-bit mode.</summary>
    public const ulong DebugBit = 2, Mode64 = 4;

    public static void Run(SystemRoot root, ICpuid cpuid, ProbeOptions options, SnapshotBuilder to) =>
        Run(root, cpuid, options, to, new LinuxEnclaveKernel(), cpu => Xcr0.Read(cpu));

    public static void Run(SystemRoot root, ICpuid cpuid, ProbeOptions options, SnapshotBuilder to, IEnclaveKernel kernel, Func<CpuFacts, ulong?> readXcr0)
    {
        var leaves = new SnapshotBuilder("child");
        CpuidProbe.Run(cpuid, leaves);
        var cpu = new CpuFacts(leaves.Build());
        string? device = SgxDevices.InTree.FirstOrDefault(path => root.Exists(path).HasValue);
        if (device is null)
        {
            LaunchOutcomes.NoneOf(options, LaunchOutcomes.LegacyDriver, to);
            return;
        }

        ulong? xcr0 = readXcr0(cpu);
        if (xcr0 is { } value)
            to.Set(Section.Register, "XCR0", value.ToString("x16"));
        var launcher = new EnclaveLauncher(kernel);
        var blueprint = EnclaveBlueprint.Smallest();
        byte[] measurement = blueprint.Measure();
        using var key = RSA.Create();
        key.ImportRSAPrivateKey(Convert.FromBase64String(TestEnclaveKey.Pkcs1), out _);
        Reading Try(ulong attributes, ulong xfrm)
        {
            var signature = SigStruct.Sign(new EnclaveIdentity(measurement, attributes, xfrm), key);
            return launcher.Launch(root.Real(device), blueprint, signature, attributes, xfrm).ToReading();
        }

        to.Set(Section.Launch, "debug", Try(DebugBit | Mode64, ExtendedState.Choose(cpu, xcr0)));
        to.Set(Section.Launch, "production", Try(Mode64, ExtendedState.Least));
        to.Set(Section.Launch, "whitelisted", Whitelisted(launcher, root.Real(device), options.WhitelistedEnclave));
    }

    private static Reading Whitelisted(EnclaveLauncher launcher, string device, string? folder)
    {
        if (folder is null)
            return Reading.Failed(LaunchOutcomes.Skipped);
        return SignedEnclave.TryRead(folder, out SignedEnclave? enclave, out _)
            ? launcher.Launch(device, enclave.Blueprint, enclave.Signature, enclave.Signature.Attributes & ~DebugBit, enclave.Signature.Xfrm).ToReading()
            : Reading.Failed(LaunchOutcomes.NoEnclave);
    }
}
