using Witan.Machine;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>Recordings are written and read: the same text back, foreign dumps by their content, hostile ones refused in a sentence.</summary>
public class SnapshotTextTests
{
    private const string Schema = "{\"schema\":\"witan.machine.snapshot/1\"";

    [Fact]
    public void A_recording_reads_back_to_the_same_text_hash_and_report()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave").Msr((0x3A, 0x60005)).Efi(EfiVariables.Status, 1);
        MachineSnapshot live = root.Probe(TestCpu.Client);
        string text = SnapshotJson.Write(live);
        Assert.True(SnapshotText.TryRead(text, out MachineSnapshot? read, out _));
        Assert.Equal(text, SnapshotJson.Write(read));
        Assert.Equal(live.Hash, read.Hash);
        Assert.Equal(64, live.Hash.Length);
        // A value that begins with the failure's sign, and a failure, are told apart.
        foreach (Reading reading in new[] { Reading.Of("!x"), Reading.Of("!!"), Reading.Failed("EIO"), Reading.Of("") })
            Assert.Equal(reading, Reading.Decode(reading.Encode()));
    }

    [Fact]
    public void Nothing_that_identifies_the_machine_is_recorded()
    {
        using var root = new FakeRoot();
        root.Write("/proc/cmdline", "root=UUID=1234 hostname=secret-name nosgx\n").Write("/etc/machine-id", "identifying\n").Write("/etc/hostname", "secret-name\n");
        string text = SnapshotJson.Write(root.Probe(TestCpu.Client));
        Assert.DoesNotContain("secret-name", text, StringComparison.Ordinal);
        Assert.DoesNotContain("1234", text, StringComparison.Ordinal);
        Assert.DoesNotContain("identifying", text, StringComparison.Ordinal);
        Assert.DoesNotContain(root.Directory, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "neither a snapshot")]
    [InlineData("leaf,subleaf,eax,ebx,ecx,edx\n", "no CPUID leaf")]
    [InlineData("leaf,subleaf,eax,ebx,ecx,edx\n0,0,1,2,3\n", "line 2")]
    [InlineData("leaf,subleaf,eax,ebx,ecx,edx\n0,0,1,2,3,xyz\n", "line 2")]
    [InlineData("CPU:\n   0x00000000 0x00: eax=0x1 ebx=0x2 ecx=0x3\n", "line 2")]
    [InlineData("some text: eax=0x", "no CPUID leaf")]
    [InlineData("{", "no JSON")]
    [InlineData("{}", "no schema")]
    [InlineData("[1]", "neither")]
    [InlineData("{\"schema\":\"witan.machine.snapshot/9\"}", "this program reads")]
    [InlineData(Schema + ",\"cpuid\":{\"a\":1}}", "cpuid / a is not a text")]
    [InlineData(Schema + ",\"cpuid\":{\"a\":\"\\ud800\"}}", "no Unicode")]
    [InlineData(Schema + ",\"origin\":{\"a\":\"b\"}}", "its origin is not a text")]
    [InlineData("{\"schema\":{\"a\":\"b\"},\"schema\":\"witan.machine.snapshot/1\"}", "no JSON")]
    [InlineData(Schema + ",\"cpuid\":{\"a\":\"b\",\"a\":\"c\"}}", "no JSON")]
    public void What_cannot_be_read_says_why(string text, string why)
    {
        Assert.False(SnapshotText.TryRead(text, out _, out string? problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("leaf,subleaf,eax,ebx,ecx,edx\n00000000,,0000001B,756E6547,6C65746E,49656E69\n")]
    [InlineData("\n# a remark\nLEAF,SUBLEAF,EAX,EBX,ECX,EDX\r\n0x0,0x0,0x1B,0x756E6547,0x6C65746E,0x49656E69\r\n")]
    [InlineData("\uFEFFleaf,subleaf,eax,ebx,ecx,edx\n0, ,1b, 756e6547,6c65746e,49656e69\n")]
    [InlineData("CPU:\n   0x00000000 0x00: eax=0x0000001b ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n")]
    [InlineData("CPU 0:\n   0x00000000 0x00: eax=0x0000001b ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\nCPU 1:\n   0x00000000 0x00: eax=0x0 ebx=0x0 ecx=0x0 edx=0x0\n")]
    public void Foreign_dumps_are_recognised_by_their_content(string text)
    {
        Assert.True(SnapshotText.TryRead(text, out MachineSnapshot? snapshot, out string? problem), problem);
        Assert.Equal("GenuineIntel", new CpuFacts(snapshot).Vendor);
    }

    [Fact]
    public void Too_long_is_refused() => Assert.False(SnapshotText.TryRead(new string(' ', SnapshotText.MaximumLength + 1), out _, out _));

    [Fact]
    public async Task A_recording_in_the_worst_order_is_read_like_any_other()
    {
        var text = new System.Text.StringBuilder(Schema + ",\"files\":{");
        int count = 0;
        for (int key = 0xFFFFFF; text.Length < SnapshotText.MaximumLength - 32; key--, count++)
            text.Append(count == 0 ? "\"" : ",\"").Append(key.ToString("x6", System.Globalization.CultureInfo.InvariantCulture)).Append("\":\"\"");
        string hostile = text.Append("}}").ToString();
        MachineSnapshot snapshot = await Task.Run(() => SnapshotText.TryRead(hostile, out MachineSnapshot? read, out _) ? read : throw new InvalidOperationException(), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal(count, snapshot.Keys("files").Count);
        Assert.Equal("ffffff", snapshot.Keys("files").Last());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_value_of_any_key_is_judged_without_a_throw(bool amd)
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave").Device("/dev/sev").Msr((0x3A, 0x60005), (0xC0010010, 0xF40000)).Efi(EfiVariables.Status, 1).Efi(EfiVariables.EpcBios, new byte[140]);
        MachineSnapshot seed = root.Probe(amd ? TestCpu.Amd(0x0101FD3F) : TestCpu.SapphireRapids);
        (string Section, string Key)[] places = [.. seed.Sections.SelectMany(section => seed.Keys(section).Select(key => (section, key)))];
        Assert.True(places.Length > 60, $"{places.Length} places");
        string[] words =
        [
            "", " ", "!", "!EIO", "!EACCES", "!ENOENT", "!timeout", "yes", "no", "present", "opened", "connected", "launched", "Y", "0", "-1", "ff", "a", "ffffffffffffffff",
            "18446744073709551615", new string('9', 400), new string('f', 399), new string('0', 64), "\0", "\u001b[31m\n", "\ud800", "{}", "1.2.3.4",
            "00000000 00000000 00000000 00000000", "ffffffff ffffffff ffffffff ffffffff", "zzzzzzzz zzzzzzzz zzzzzzzz zzzzzzzz", "ffffffff ffffffff ffffffff",
        ];
        foreach ((string section, string key) in places)
        {
            foreach (string word in words)
            {
                var to = new SnapshotBuilder("hostile");
                foreach ((string other, string name) in places)
                    to.Set(other, name, other == section && name == key ? Reading.Decode(word) : seed[other, name]);
                Exception? thrown = Record.Exception(() => Assert.NotEmpty(Transcripts.TranscriptTests.Print(MachineReport.Judge(to.Build()), all: true)));
                Assert.True(thrown is null, $"{section} / {key} = {word}: {thrown}");
            }
        }
    }
}
