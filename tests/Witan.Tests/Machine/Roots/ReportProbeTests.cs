using System.Text;
using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Roots;

/// <summary>One entry of the kernel's report interface: made, asked and removed, whatever becomes of the question.</summary>
public class ReportProbeTests
{
    [Theory]
    [InlineData(false, "", null)]
    [InlineData(true, "", "generation 1, 4000 bytes")]
    [InlineData(true, "inblob", "!inblob EBUSY")]
    [InlineData(true, "generation", "!generation EBUSY")]
    [InlineData(true, "outblob", "!outblob EBUSY")]
    public void A_report_is_made_only_where_that_was_asked_for(bool attest, string fails, string? expected)
    {
        var kernel = new Kernel { Fails = fails };
        MachineSnapshot seen = Ask(kernel, attest);
        Assert.Equal("tdx_guest", seen[Section.Files, ReportInterface.Provider].Text);
        Assert.Equal(expected, seen[Section.Requests, ReportInterface.Request] is { HasValue: false, IsFailure: false } ? null : seen[Section.Requests, ReportInterface.Request].Encode());
        Assert.Equal(attest ? 1 : 0, kernel.Writes.Count);
        if (attest)
            Assert.Equal(new byte[64], kernel.Writes[0]);
        Assert.True(kernel.IsGone);
        // The report itself is nobody's business.
        Assert.DoesNotContain("c0ffee", SnapshotJson.Write(seen), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    public void A_report_of_another_generation_is_not_read(string generation)
    {
        var kernel = new Kernel { Generation = generation };
        Assert.Equal($"generation {generation}", Ask(kernel, attest: true)[Section.Requests, ReportInterface.Request].Error);
        Assert.DoesNotContain("outblob", kernel.Reads);
        Assert.True(kernel.IsGone);
    }

    [Fact]
    public void A_report_that_does_not_come_has_been_tried()
    {
        var to = new SnapshotBuilder("test");
        Reading during = Reading.NotRecorded;
        ReportProbe.Ask(new Kernel { WhileReading = () => during = to.Build()[Section.Requests, ReportInterface.Request] }, to, attest: true);
        Assert.Equal("timeout", during.Error);
        Assert.Equal("outblob empty", Ask(new Kernel { Report = [] }, attest: true)[Section.Requests, ReportInterface.Request].Error);
    }

    [Fact]
    public void Nobody_else_is_asked_for_a_report()
    {
        var kernel = new Kernel { Provider = "arm_cca_guest" };
        Assert.Empty(Ask(kernel, attest: true).Keys(Section.Requests));
        Assert.Empty(kernel.Writes);
    }

    [Fact]
    public void An_entry_that_the_kernel_does_not_make_keeps_its_errno_and_is_not_removed()
    {
        var kernel = new Kernel { Fails = "make" };
        Assert.Equal("EBUSY", Ask(kernel, attest: true)[Section.Files, ReportInterface.Provider].Error);
        Assert.False(kernel.IsGone);
    }

    [Fact]
    public void On_the_disk_an_entry_is_a_folder_that_leaves_nothing()
    {
        using var tree = new FakeRoot();
        var root = new SystemRoot(tree.Directory);
        tree.Folder(ReportInterface.Folder);
        MachineSnapshot seen = Ask(new ReportEntry(root, $"{ReportInterface.Folder}/witan-1"), attest: true);
        // An ordinary folder has no attributes; the kernel's has.
        Assert.Equal("ENOENT", seen[Section.Files, ReportInterface.Provider].Error);
        Assert.Empty(Directory.GetFileSystemEntries(tree.Directory + ReportInterface.Folder));
        foreach ((string path, string error) in new[] { ("/nowhere/witan-1", "ENOENT"), ("/proc/cmdline/witan-1", "ENOTDIR"), ($"/{new string('x', 300)}", "ENAMETOOLONG"), ("/proc", "EEXIST") })
            Assert.Equal((path, error), (path, Ask(new ReportEntry(root, path), attest: true)[Section.Files, ReportInterface.Provider].Error));
        Assert.True(Directory.Exists(tree.Directory + "/proc"));
    }

    [Fact]
    public void On_the_disk_an_attribute_is_a_file_that_is_there()
    {
        using var tree = new FakeRoot();
        var entry = new ReportEntry(new SystemRoot(tree.Directory), "/entry");
        Assert.True(entry.Make().HasValue);
        Assert.Equal("ENOENT", entry.Write("inblob", new byte[64]).Error);
        tree.Write("/entry/inblob", "");
        Assert.True(entry.Write("inblob", new byte[64]).HasValue);
        Assert.True(entry.Read("inblob", out byte[] bytes).HasValue);
        Assert.Equal(new byte[64], bytes);
    }

    private static MachineSnapshot Ask(IReportEntry entry, bool attest)
    {
        var to = new SnapshotBuilder("test");
        ReportProbe.Ask(entry, to, attest);
        return to.Build();
    }

    /// <summary>The kernel's part, and what it may do wrong.</summary>
    private sealed class Kernel : IReportEntry
    {
        public string Fails { get; init; } = "";

        public string Provider { get; init; } = "tdx_guest";

        public string? Generation { get; init; }

        public byte[] Report { get; init; } = [.. Enumerable.Repeat(Convert.FromHexString("c0ffee00"), 1000).SelectMany(bytes => bytes)];

        public Action WhileReading { get; init; } = () => { };

        public List<byte[]> Writes { get; } = [];

        public List<string> Reads { get; } = [];

        public bool IsGone { get; private set; }

        public Reading Make() => Answer("make");

        public Reading Write(string attribute, ReadOnlySpan<byte> bytes)
        {
            Writes.Add(bytes.ToArray());
            return Answer(attribute);
        }

        public Reading Read(string attribute, out byte[] bytes)
        {
            Reads.Add(attribute);
            if (attribute == "outblob")
                WhileReading();
            bytes = attribute switch
            {
                "provider" => Encoding.UTF8.GetBytes(Provider + "\n"),
                "generation" => Encoding.UTF8.GetBytes((Generation ?? Writes.Count.ToString()) + "\n"),
                _ => Report,
            };
            return Answer(attribute);
        }

        public void Remove() => IsGone = true;

        private Reading Answer(string step) => step == Fails ? Reading.Failed("EBUSY") : Reading.Of("done");
    }
}
