using Witan.Machine;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Launching;

/// <summary>The launch tests against a processor in software: what it measures and checks is computed apart from the launcher.</summary>
public class LaunchProbeTests
{
    private const ulong WithAmx = 0x602E7;

    [Fact]
    public void Both_enclaves_are_created_measured_signed_and_given_back()
    {
        (SoftwareSgx sgx, MachineReport report) = Launch();
        Assert.Equal(("launched", "launched"), (report.Snapshot[Section.Launch, "debug"].Text, report.Snapshot[Section.Launch, "production"].Text));
        Assert.Equal(["open", "create", "add", "add", "add", "map", "map", "map", "init"], sgx.Steps);
        Assert.True(sgx.IsClean);
        Assert.Equal((4UL, 3UL), (sgx.Attributes, sgx.Xfrm));
        Assert.Equal(Convert.ToHexStringLower(EnclaveBlueprint.Smallest().Measure()), Convert.ToHexStringLower(sgx.MrEnclave));
        Assert.Equal(Mark.Supported, report.Find("sgx.launch").Single().Check.Mark);
        Assert.Contains("Skipped", report.Find("sgx.launch.whitelisted").Single().Check.Problem!.Finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_processor_with_AMX_launches_too()
    {
        var last = new List<SoftwareSgx>();
        (_, MachineReport report) = Launch(xcr0: WithAmx, cpu: Amx(), made: last);
        Assert.Equal("launched", report.Snapshot[Section.Launch, "debug"].Text);
        // As much state as fits into the frame, and no tiles.
        Assert.Equal(0x2E7UL, last[0].Xfrm);
    }

    [Fact]
    public void Without_trimming_AMX_would_fail_as_it_did_in_other_tools()
    {
        var sgx = new SoftwareSgx();
        var blueprint = EnclaveBlueprint.Smallest();
        using var key = System.Security.Cryptography.RSA.Create();
        key.ImportRSAPrivateKey(Convert.FromBase64String(TestEnclaveKey.Pkcs1), out _);
        var signature = SigStruct.Sign(new EnclaveIdentity(blueprint.Measure(), 6, WithAmx), key);
        Assert.Equal(new LaunchResult("create", Errno.Eio), new EnclaveLauncher(sgx).Launch("/dev/sgx_enclave", blueprint, signature, 6, WithAmx));
        Assert.True(sgx.IsClean);
    }

    [Fact]
    public void A_locked_launch_key_lets_no_production_enclave_in()
    {
        (_, MachineReport report) = Launch(prepare: sgx => sgx.LockedTo = new byte[32]);
        Problem problem = report.Find("sgx.launch.production").Single().Check.Problem!;
        Assert.Equal("production enclave: init EPERM", problem.Finding.Evidence);
        // The register says that launch control is flexible, so the lock is not what it looks like.
        Assert.Contains("although launch control is flexible", problem.Finding.Why, StringComparison.Ordinal);
        Assert.Equal(Actor.EnclaveAuthor, problem.Actor);

        (_, report) = Launch(prepare: sgx => sgx.LockedTo = new byte[32], msr: null);
        problem = report.Find("sgx.launch.production").Single().Check.Problem!;
        Assert.Contains("locked to another signer", problem.Finding.Why, StringComparison.Ordinal);
        Assert.Equal(Actor.BiosOwner, problem.Actor);
    }

    /// <summary>Step and errno to the words of the cause and who has to act.</summary>
    public static TheoryData<string, int, string, Actor> Causes => new()
    {
        { "open", 16, "did not open: EBUSY", Actor.KernelOwner },
        { "create", 5, "extended state", Actor.EnclaveAuthor },
        { "create", 12, "enclave memory is full", Actor.KernelOwner },
        { "create", 25, "another interface", Actor.KernelOwner },
        { "add", 22, "malformed", Actor.EnclaveAuthor },
        { "add", 13, "security module", Actor.KernelOwner },
        { "add", 12, "enclave memory is full", Actor.KernelOwner },
        { "map", 13, "noexec", Actor.KernelOwner },
        { "map", 1, "noexec", Actor.KernelOwner },
        { "init", 1, "although launch control is flexible", Actor.EnclaveAuthor },
        { "init", 13, "provisioning key", Actor.KernelOwner },
        { "init", 4, "interrupted again and again", Actor.KernelOwner },
        { "init", 12, "enclave memory is full", Actor.KernelOwner },
        { "init", 6, "step init failed with ENXIO", Actor.KernelOwner },
        { "reserve", 12, "enclave memory is full", Actor.KernelOwner },
    };

    [Theory]
    [MemberData(nameof(Causes))]
    public void Each_errno_of_each_step_has_its_cause(string step, int errno, string cause, Actor actor)
    {
        (SoftwareSgx sgx, MachineReport report) = Launch(prepare: fake => fake.Fails[step] = errno);
        Check check = report.Find("sgx.launch.debug").Single().Check;
        Assert.Equal((Mark.Fatal, ProblemState.Failed), (check.Mark, check.Problem!.State));
        Assert.Contains($"{step} {Errno.Name(errno)}", check.Problem.Finding.Evidence, StringComparison.Ordinal);
        Assert.Contains(cause, check.Problem.Finding.Why, StringComparison.Ordinal);
        Assert.Equal(actor, check.Problem.Actor);
        Assert.True(sgx.IsClean);
    }

    [Fact]
    public void An_interrupted_INIT_is_repeated_and_not_for_ever()
    {
        (SoftwareSgx sgx, MachineReport report) = Launch(prepare: fake => fake.Interruptions = EnclaveLauncher.MostAttempts - 1);
        Assert.Equal("launched", report.Snapshot[Section.Launch, "production"].Text);
        Assert.Equal(EnclaveLauncher.MostAttempts, sgx.Steps.Count(step => step == "init"));
        (sgx, report) = Launch(prepare: fake => fake.Interruptions = 1000);
        Assert.Equal("init EINTR", report.Snapshot[Section.Launch, "production"].Error);
        Assert.Equal(EnclaveLauncher.MostAttempts, sgx.Steps.Count(step => step == "init"));
    }

    [Fact]
    public void A_page_taken_in_part_is_not_taken()
    {
        (_, MachineReport report) = Launch(prepare: fake => fake.Taken = 0);
        Assert.Equal("add EIO", report.Snapshot[Section.Launch, "debug"].Error);
    }

    [Fact]
    public void A_legacy_device_is_detected_and_not_tried()
    {
        using var root = new FakeRoot();
        root.Device("/dev/isgx");
        var to = new SnapshotBuilder("child");
        var sgx = new SoftwareSgx();
        LaunchProbe.Run(new SystemRoot(root.Directory), TestCpu.Client, new ProbeOptions(), to, sgx, _ => null);
        Assert.Empty(sgx.Steps);
        Assert.Equal(LaunchOutcomes.LegacyDriver, to.Build()[Section.Launch, "debug"].Error);
        Assert.False(to.Has(Section.Launch, "whitelisted"));
        // One that was given was not skipped.
        LaunchProbe.Run(new SystemRoot(root.Directory), TestCpu.Client, new ProbeOptions { WhitelistedEnclave = root.Directory }, to, sgx, _ => null);
        Assert.Equal(LaunchOutcomes.LegacyDriver, to.Build()[Section.Launch, "whitelisted"].Error);
    }

    [Fact]
    public void An_enclave_that_was_given_is_launched_as_it_is_signed()
    {
        using var folder = new EnclaveFolder();
        (SoftwareSgx sgx, MachineReport report) = Launch(enclave: folder.Path);
        Assert.Equal("launched", report.Snapshot[Section.Launch, "whitelisted"].Text);
        Assert.Equal(Convert.ToHexStringLower(folder.Blueprint.Measure()), Convert.ToHexStringLower(sgx.MrEnclave));
        (_, report) = Launch(enclave: folder.Path, prepare: fake => fake.Fails["init"] = 1, msr: null);
        Problem problem = report.Find("sgx.launch.whitelisted").Single().Check.Problem!;
        Assert.Equal("SGX_LAUNCH_WHITELISTED_FAILED", problem.Finding.Code);
        Assert.DoesNotContain("aesmd", problem.Finding.Remedy, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> BadFolders => new()
    {
        { "empty", "no .sgxs" },
        { "two", "2 .sgxs" },
        { "no signature", "no .sig" },
        { "another's signature", "another enclave" },
        { "no image", "no enclave in the SGXS form" },
        { "no SIGSTRUCT", "no SIGSTRUCT" },
        { "long", "more than 1808 bytes" },
        { "dangling", "no file that can be read" },
        { "missing", "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(BadFolders))]
    public void A_folder_without_an_enclave_is_no_verdict_on_the_machine(string what, string problem)
    {
        using var folder = new EnclaveFolder();
        folder.Spoil(what);
        Assert.False(SignedEnclave.TryRead(folder.Path, out _, out string? said));
        Assert.Contains(problem, said, StringComparison.Ordinal);
        (_, MachineReport report) = Launch(enclave: folder.Path);
        // The other two launches stand, and stay visible.
        Assert.Equal(("launched", "launched"), (report.Snapshot[Section.Launch, "debug"].Text, report.Snapshot[Section.Launch, "production"].Text));
        Assert.Null(report.Find("sgx.launch.production").Single().HiddenBecause);
        Assert.Equal(Mark.Unknown, report.Find("sgx.launch.whitelisted").Single().Check.Mark);
    }

    private static TestCpu Amx()
    {
        TestCpu cpu = TestCpu.SapphireRapids.Set(0x12, 1, 0xB6, 0, 0x602E7, 0).Set(0xD, 0, 0x602E7, 0, 0, 0);
        foreach ((uint component, uint size, uint offset) in new[] { (2u, 256u, 576u), (5u, 64u, 1088u), (6u, 512u, 1152u), (7u, 1024u, 1664u), (9u, 8u, 2688u), (17u, 64u, 2752u), (18u, 8192u, 2816u) })
            cpu.Set(0xD, component, size, offset, 0, 0);
        return cpu;
    }

    // The report, and the processor that launched the last enclave: each launch opens the device anew.
    private static (SoftwareSgx Last, MachineReport Report) Launch(Action<SoftwareSgx>? prepare = null, ulong? xcr0 = null, TestCpu? cpu = null, List<SoftwareSgx>? made = null, ulong? msr = 0x60005, string? enclave = null)
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave");
        if (msr is { } value)
            root.Msr((0x3A, value));
        var to = new SnapshotBuilder("child");
        List<SoftwareSgx> all = made ?? [];
        var kernel = new EachTime(() =>
        {
            var sgx = new SoftwareSgx();
            prepare?.Invoke(sgx);
            all.Add(sgx);
            return sgx;
        });
        LaunchProbe.Run(new SystemRoot(root.Directory), cpu ?? TestCpu.Client, new ProbeOptions { WhitelistedEnclave = enclave }, to, kernel, _ => xcr0);
        MachineSnapshot probed = root.Probe(cpu ?? TestCpu.Client);
        return (all[^1], MachineReport.Judge(new SnapshotBuilder("test").Add(probed).Add(to.Build()).Build()));
    }

    private sealed class EachTime(Func<SoftwareSgx> make) : IEnclaveKernel
    {
        private SoftwareSgx _now = null!;

        public int Open(string path, out int descriptor) => (_now = make()).Open(path, out descriptor);

        public int Reserve(nuint length, out nint address) => _now.Reserve(length, out address);

        public int Release(nint address, nuint length) => _now.Release(address, length);

        public int Request(int descriptor, ulong number, nint argument) => _now.Request(descriptor, number, argument);

        public int MapDevice(nint address, nuint length, int protection, int descriptor) => _now.MapDevice(address, length, protection, descriptor);

        public void Close(int descriptor) => _now.Close(descriptor);
    }
}
