using System.Buffers.Binary;
using System.Net.Sockets;

namespace Witan.Machine;

/// <summary>
/// Talks to AESM: a Unix stream socket, one request a connection, each message after its length in four bytes. Never connects
/// without sending a request: the service would log that as an attack.
/// </summary>
internal sealed class AesmClient(string path, TimeSpan limit)
{
    /// <summary>Longest answer read; the list of attestation keys is the largest asked for.</summary>
    public const int MaximumReply = 1 << 20;

    /// <summary>Longest id of an attestation key asked for.</summary>
    public const uint MaximumKeyId = 1024;

    /// <summary>Length of an abstract name on the wire, with its leading zero.</summary>
    private const int AbstractLength = 108;

    /// <summary>How many kinds of attestation keys there are. Needs no enclave, changes nothing: the sign of life.</summary>
    public AesmReply GetSupportedAttestationKeyCount() => Ask(AesmOperation.GetSupportedAttestationKeyCount, new ProtobufWriter());

    /// <summary>The kinds of attestation keys, 256 bytes each.</summary>
    public AesmReply GetSupportedAttestationKeys(uint count) =>
        Ask(AesmOperation.GetSupportedAttestationKeys, new ProtobufWriter().Varint(1, checked(count * (ulong)AttestationKey.Size)));

    /// <summary>How long the attestation key's id is. Prepares nothing: the first half of <see cref="InitQuoteEx(ReadOnlySpan{byte}, uint)"/>.</summary>
    public AesmReply InitQuoteEx(ReadOnlySpan<byte> attestationKey) =>
        Ask(AesmOperation.InitQuoteEx, new ProtobufWriter().Bytes(1, attestationKey).Varint(3, 0));

    /// <summary>
    /// Asks for the attestation key's id, of the length that the service has said: proves that QE and PCE load and that a PCK
    /// certificate can be had. May use the network and store keys, so it is made only when asked for.
    /// </summary>
    public AesmReply InitQuoteEx(ReadOnlySpan<byte> attestationKey, uint length) =>
        Ask(AesmOperation.InitQuoteEx, new ProtobufWriter().Bytes(1, attestationKey).Varint(3, 1).Varint(4, length));

    /// <summary>A launch token (legacy driver). The signer is given by its modulus, although the field is called mr_signer.</summary>
    public AesmReply GetLaunchToken(ReadOnlySpan<byte> mrEnclave, ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> attributes) =>
        Ask(AesmOperation.GetLaunchToken, new ProtobufWriter().Bytes(1, mrEnclave).Bytes(2, modulus).Bytes(3, attributes));

    /// <summary>Cuts an EPID quote out of the buffer that AESM returns: 436 bytes and the signature length at offset 432.</summary>
    public static bool TryCutEpidQuote(ReadOnlyMemory<byte> buffer, out ReadOnlyMemory<byte> quote)
    {
        quote = default;
        if (buffer.Length < 436)
            return false;
        uint signature = BinaryPrimitives.ReadUInt32LittleEndian(buffer.Span[432..]);
        if (signature > buffer.Length - 436)
            return false;
        quote = buffer[..(436 + (int)signature)];
        return true;
    }

    private AesmReply Ask(AesmOperation operation, ProtobufWriter request)
    {
        // Every request says its time limit in microseconds; the service gives up where the client has.
        request.Varint(operation == AesmOperation.SelectAttestationKey ? 2 : 9, (ulong)limit.TotalMicroseconds);
        byte[] message = new ProtobufWriter().Bytes((int)operation, request.ToArray()).ToArray();
        using var deadline = new CancellationTokenSource(limit);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bool connected = false;
        try
        {
            // The limit on sending holds for connecting too: a full queue of the service would block otherwise.
            socket.SendTimeout = socket.ReceiveTimeout = (int)limit.TotalMilliseconds;
            socket.Connect(new UnixDomainSocketEndPoint(Address()));
            connected = true;
            byte[] frame = new byte[4 + message.Length];
            BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)message.Length);
            message.CopyTo(frame, 4);
            socket.Send(frame);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(Receive(socket, 4, deadline.Token));
            if (length > MaximumReply)
                throw new AesmException("oversized", connected);
            if (!AesmReply.TryParse(Receive(socket, (int)length, deadline.Token), out AesmReply? reply))
                throw new AesmException("malformed", connected);
            return reply.Operation == operation || reply.Operation == AesmOperation.Unsupported ? reply : throw new AesmException("other-operation", connected);
        }
        catch (SocketException e)
        {
            throw new AesmException(Name(e.SocketErrorCode), connected);
        }
    }

    private static byte[] Receive(Socket socket, int length, CancellationToken deadline)
    {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length;)
        {
            if (deadline.IsCancellationRequested)
                throw new AesmException("timeout", connected: true);
            int got = socket.Receive(bytes, at, length - at, SocketFlags.None);
            if (got == 0)
                throw new AesmException("closed", connected: true);
            at += got;
        }

        return bytes;
    }

    private string Address() => path.StartsWith('@') ? ("\0" + path[1..]).PadRight(AbstractLength, '\0') : path;

    internal static string Name(SocketError error) => error switch
    {
        SocketError.TimedOut or SocketError.WouldBlock => "timeout",
        SocketError.ConnectionRefused => "ECONNREFUSED",
        SocketError.AccessDenied => "EACCES",
        SocketError.AddressNotAvailable => "ENOENT",
        SocketError.ConnectionReset => "closed",
        _ => error.ToString(),
    };
}
