using System.Buffers.Binary;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Launching;

/// <summary>MRENCLAVE three ways: the blueprint's, the SHA-256 of the SGXS stream, and a value computed by another program.</summary>
public class MeasurementTests
{
    // Computed from the records of the manual by a script that shares no code with this project.
    private const string Smallest = "44fad1505e12acfe0dc7f7ce60e1434107adaf30b55833d76193a7f77f4a653a";

    [Fact]
    public void The_smallest_enclave_has_the_measurement_that_another_program_computed()
    {
        Assert.Equal(Smallest, Convert.ToHexStringLower(EnclaveBlueprint.Smallest().Measure()));
        Assert.Equal(Smallest, Convert.ToHexStringLower(SHA256.HashData(Stream(EnclaveBlueprint.Smallest()))));
    }

    [Fact]
    public void A_stream_reads_back_to_the_same_enclave()
    {
        var blueprint = EnclaveBlueprint.Smallest();
        Assert.True(SgxsFile.TryRead(Stream(blueprint), out EnclaveBlueprint? read));
        Assert.Equal((blueprint.Size, blueprint.SsaFrameSize), (read.Size, read.SsaFrameSize));
        Assert.Equal(blueprint.Pages.Select(page => (page.Offset, page.Flags, page.IsMeasured)), read.Pages.Select(page => (page.Offset, page.Flags, page.IsMeasured)));
        Assert.Equal(blueprint.Measure(), read.Measure());
    }

    [Fact]
    public void Every_cut_and_every_changed_tag_is_refused_or_measured_otherwise()
    {
        byte[] whole = Stream(EnclaveBlueprint.Smallest());
        for (int cut = 0; cut < whole.Length; cut += 37)
        {
            // A cut between pages is a smaller enclave; any other is none.
            if (SgxsFile.TryRead(whole.AsSpan(0, cut), out EnclaveBlueprint? read))
                Assert.NotEqual(Smallest, Convert.ToHexStringLower(read.Measure()));
        }
    }

    [Fact]
    public void Random_bytes_never_throw() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            _ = SgxsFile.TryRead(bytes, out _);
            byte[] tagged = [.. "ECREATE\0"u8, .. bytes];
            _ = SgxsFile.TryRead(tagged, out _);
        }).QuickCheckThrowOnFailure();

    internal static byte[] Stream(EnclaveBlueprint blueprint)
    {
        var stream = new List<byte>();
        void Record(string tag, params ReadOnlySpan<ulong> words)
        {
            byte[] record = new byte[64];
            System.Text.Encoding.ASCII.GetBytes(tag).CopyTo(record, 0);
            for (int i = 0; i < words.Length; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8 + (8 * i)), words[i]);
            stream.AddRange(record);
        }

        // Frame size and enclave size lie across the words: 4 bytes, then 8.
        Record("ECREATE", blueprint.SsaFrameSize | blueprint.Size << 32, blueprint.Size >> 32);
        foreach (EnclavePage page in blueprint.Pages)
        {
            Record("EADD", page.Offset, page.Flags);
            for (int at = 0; at < 4096; at += 256)
            {
                Record("EEXTEND", page.Offset + (ulong)at);
                stream.AddRange(page.Data.AsSpan(at, 256));
            }
        }

        return [.. stream];
    }
}
