using System.Globalization;
using Witan.Machine;

namespace Witan.Tests.Machine.Transcripts;

/// <summary>The values that a probe must have read on the machine of a transcript, by what its lines say.</summary>
internal static class ImpliedSnapshot
{
    // A client of 2017, where the transcript does not say which processor it is.
    private const uint Client = 0x906EA;
    private const string AesmAnswer = "aa010408001001";

    public static MachineSnapshot Of(string text, uint signature = Client)
    {
        IReadOnlyList<TreeLine> lines = Transcript.Read(text);
        char Sign(string label, int nth = 0) => lines.Where(line => line.Label == label).Select(line => line.Sign).Skip(nth).FirstOrDefault();
        bool Is(string label, int nth = 0) => Sign(label, nth) == '✔';
        var to = new SnapshotBuilder("transcript");
        to.SetCpuid(0, 0, 0x16, 0x756E6547, 0x6C65746E, 0x49656E69).SetCpuid(1, 0, signature, 0, 0, 0);
        to.SetCpuid(7, 0, 0, Bit(2, Is("CPU support")), Bit(30, Is("CPU support", 1)), 0);
        uint capabilities = Bit(0, Is("CPU configuration")) | Bit(1, Is("SGX2")) | Bit(5, Is("ENCLV")) | Bit(6, Is("OVERSUB"));
        to.SetCpuid(0x12, 0, capabilities, Bit(0, Is("EXINFO")), 0, 0x241F);
        to.SetCpuid(0x12, 1, Is("Enclave attributes") ? 0x36u | Bit(7, Is("KSS")) : 0, 0, 3, 0);
        PageCache(to, lines);
        Reading register = Sign("CPU configuration", 1) switch
        {
            '✔' => Reading.Of("0000000000060005"),
            '✘' => Reading.Of("0000000000040005"),
            _ => Reading.Failed("ENOENT"),
        };
        to.Set(Section.Msr, SnapshotBuilder.MsrKey(0x3A), register);
        Software(to, lines, text);
        foreach ((string mode, string label) in new[] { ("debug", "Debug mode"), ("production", "Production mode"), ("whitelisted", "Production mode (Intel whitelisted)") })
        {
            if (Sign(label) is '✔' or '✘')
                to.Set(Section.Launch, mode, Is(label) ? Reading.Of("launched") : Reading.Failed(text.Contains("GetLicensetokenError_6", StringComparison.Ordinal) ? "token AESM-6" : "init EPERM"));
        }

        return to.Build();
    }

    private static void PageCache(SnapshotBuilder to, IReadOnlyList<TreeLine> lines)
    {
        const string Caption = "Total EPC size: ";
        TreeLine line = lines.Single(line => line.Label.StartsWith(Caption, StringComparison.Ordinal));
        string size = line.Label[Caption.Length..].Split(' ')[0];
        decimal number = decimal.Parse(size[..^3], CultureInfo.InvariantCulture) * (size.EndsWith("GiB", StringComparison.Ordinal) ? 1 << 30 : 1 << 20);
        ulong bytes = (ulong)number & ~0xFFFUL;
        uint type = line.Label.EndsWith("(no integrity protection)", StringComparison.Ordinal) ? 2u : 1u;
        to.SetCpuid(0x12, 2, 0x70200001, 0, (uint)(bytes & 0xFFFFF000) | type, (uint)(bytes >> 32)).SetCpuid(0x12, 3, 0, 0, 0, 0);
    }

    private static void Software(SnapshotBuilder to, IReadOnlyList<TreeLine> lines, string text)
    {
        TreeLine device = lines.Single(line => line.Label.StartsWith("SGX kernel device", StringComparison.Ordinal));
        bool noExec = text.Contains("mounted with `noexec`", StringComparison.Ordinal);
        string? node = device.Sign == '✔' ? device.Label.Split('(', ')')[1] : noExec ? "/dev/sgx/enclave" : null;
        foreach (string path in (string[])[.. SgxDevices.InTree, .. SgxDevices.Legacy])
            to.Set(Section.Devices, path, path == node ? Reading.Of("opened") : Reading.Failed("ENOENT"));
        to.Set(Section.Mounts, "/dev", noExec ? "rw,nosuid,noexec" : "rw,nosuid");
        bool library = lines.Single(line => line.Label == "libsgx_enclave_common").Sign == '✔';
        to.Set(Section.Libraries, SgxSoftware.LibraryName, library ? Reading.Of("loads") : Reading.Failed("ENOENT"));
        bool aesm = lines.Single(line => line.Label == "AESM service").Sign == '✔';
        to.Set(Section.Sockets, AesmSocket.Path, aesm ? Reading.Of("connected") : Reading.Failed("ENOENT"));
        to.Set(Section.Sockets, AesmSocket.AbstractName, aesm ? Reading.NotRecorded : Reading.Failed("ECONNREFUSED"));
        to.Set(Section.Aesm, AesmFacts.AnyRequest, aesm ? Reading.Of(AesmAnswer) : Reading.NotRecorded);
        to.Set(Section.Services, AesmFacts.Service, aesm ? Reading.Of("running") : Reading.Failed("ENOENT"));
    }

    private static uint Bit(int number, bool set) => set ? 1u << number : 0;
}
