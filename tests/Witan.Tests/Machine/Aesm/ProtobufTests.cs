using FsCheck;
using FsCheck.Fluent;
using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Aesm;

/// <summary>The small reader of protocol buffer messages: what it wrote it reads, and hostile bytes are refused.</summary>
public class ProtobufTests
{
    [Fact]
    public void What_is_written_reads_back() =>
        Prop.ForAll<ulong, byte[]>((number, bytes) =>
        {
            byte[] message = new ProtobufWriter().Varint(1, number).Bytes(22, bytes).ToArray();
            Assert.True(Protobuf.TryRead(message, out List<ProtobufField> fields));
            Assert.Equal((1, number, false), (fields[0].Number, fields[0].Value, fields[0].IsBytes));
            Assert.Equal((22, true), (fields[1].Number, fields[1].IsBytes));
            Assert.Equal(bytes, fields[1].Bytes.ToArray());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Hostile_bytes_never_throw() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            _ = Protobuf.TryRead(bytes, out _);
            _ = AesmReply.TryParse((ReadOnlyMemory<byte>)bytes, out _);
            _ = AttestationKey.Parse(bytes);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("08")] // a varint that is not there
    [InlineData("0880")] // a varint that does not end
    [InlineData("08ffffffffffffffffffff01")] // one that is too long
    [InlineData("120548")] // more bytes promised than there are
    [InlineData("12ffffffffffffffff7f")] // far more
    [InlineData("0b")] // a group
    [InlineData("00")] // field 0
    [InlineData("0d000000")] // half a fixed number
    public void Malformed_is_refused(string hex) => Assert.False(Protobuf.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void A_reply_without_its_error_code_is_no_success()
    {
        byte[] message = new ProtobufWriter().Bytes(21, new ProtobufWriter().Varint(2, 1).ToArray()).ToArray();
        Assert.True(AesmReply.TryParse((ReadOnlyMemory<byte>)message, out AesmReply? reply));
        Assert.Equal(1u, reply.ErrorCode);
    }
}
