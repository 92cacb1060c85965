using System.Buffers.Binary;
using System.Net.Sockets;
using Witan.Machine;

namespace Witan.Tests.Machine.Aesm;

/// <summary>
/// A service on a Unix socket that speaks AESM's framing. It writes down every request, and what the real one would log
/// as an attack: a connection without a request, or with one that is malformed.
/// </summary>
internal sealed class FakeAesm : IDisposable
{
    /// <summary>The id of the attestation key: on a real machine a name of that machine alone.</summary>
    public static readonly byte[] KeyId = [.. Enumerable.Repeat((byte)0xAB, 32)];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<int, byte[], byte[]?> _answer;
    private readonly List<Socket> _open = [];
    private readonly List<Task> _handled = [];
    private readonly List<string> _attacks = [];
    private readonly Lock _gate = new();
    private readonly Task _serving;

    /// <param name="path">Where it listens.</param>
    /// <param name="answer">Bytes to send for an operation and its message; null says nothing and keeps the connection.</param>
    public FakeAesm(string path, Func<int, byte[], byte[]?> answer)
    {
        _answer = answer;
        if (path[0] != '\0')
            System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(8);
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Operation numbers asked, in order.</summary>
    public List<int> Asked { get; } = [];

    /// <summary>Whether the service closes after an answer, as the real one does.</summary>
    public bool Closes { get; init; } = true;

    /// <summary>A frame with one response message.</summary>
    public static byte[] Frame(int operation, ProtobufWriter response) => Frame(new ProtobufWriter().Bytes(operation, response.ToArray()).ToArray());

    public static byte[] Frame(byte[] message)
    {
        byte[] frame = new byte[4 + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, message.Length);
        message.CopyTo(frame, 4);
        return frame;
    }

    /// <summary>A service that works: one ECDSA key, and a quote prepared with the error given. It says the key's id only where that is asked for.</summary>
    public static byte[]? Good(int operation, byte[]? message = null, uint provision = 0) => operation switch
    {
        21 => Frame(21, new ProtobufWriter().Varint(1, 0).Varint(2, 1)),
        22 => Frame(22, new ProtobufWriter().Varint(1, 0).Bytes(2, Key(2))),
        15 => Frame(15, Quoting(message ?? [], provision)),
        _ => Frame(20, new ProtobufWriter().Varint(1, 1)),
    };

    private static ProtobufWriter Quoting(byte[] message, uint provision)
    {
        ProtobufWriter answer = new ProtobufWriter().Varint(1, provision);
        if (provision != 0)
            return answer;
        answer.Bytes(2, new byte[512]).Varint(3, (ulong)KeyId.Length);
        return WantsKeyId(message, out ulong room) && room == (ulong)KeyId.Length ? answer.Bytes(4, KeyId) : answer;
    }

    /// <summary>Whether a request for a quoting target asks for the key's id, and for how much of it.</summary>
    public static bool WantsKeyId(byte[] message, out ulong room)
    {
        room = 0;
        if (!Protobuf.TryRead(message, out List<ProtobufField> outer) || outer.Count != 1 || !Protobuf.TryRead(outer[0].Bytes, out List<ProtobufField> fields))
            return false;
        room = fields.Find(field => field.Number == 4)?.Value ?? 0;
        return fields.Exists(field => field.Number == 3 && field.Value == 1);
    }

    /// <summary>An entry of the list of attestation keys.</summary>
    public static byte[] Key(uint algorithm)
    {
        byte[] key = new byte[256];
        BinaryPrimitives.WriteUInt32LittleEndian(key.AsSpan(154), algorithm);
        return key;
    }

    /// <summary>Handles every connection that was made until now, takes no more, and gives what the real service would have logged as forged for attack.</summary>
    public IReadOnlyList<string> End()
    {
        // A client that connects and closes is gone before it is accepted: it waits in the queue all the same.
        bool accepted = SpinWait.SpinUntil(() => !_listener.Poll(0, SelectMode.SelectRead), Patience);
        _listener.Dispose();
        if (!accepted || !_serving.Wait(Patience) || !Task.WaitAll([.. _handled], Patience))
            throw new TimeoutException("a connection was not handled");
        return _attacks;
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_gate)
            _open.ForEach(socket => socket.Dispose());
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync();
                lock (_gate)
                    _open.Add(socket);
                _handled.Add(Task.Run(() => OneAsync(socket)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task OneAsync(Socket socket)
    {
        try
        {
            byte[] head = await ReadAsync(socket, 4);
            byte[] message = head.Length == 4 ? await ReadAsync(socket, BinaryPrimitives.ReadInt32LittleEndian(head)) : [];
            int operation = Operation(message);
            if (operation == 0)
            {
                lock (_gate)
                    _attacks.Add("malformed request, forged for attack");
                return;
            }

            lock (_gate)
                Asked.Add(operation);
            byte[]? answer = _answer(operation, message);
            if (answer is null)
                return;
            await socket.SendAsync(answer);
            if (Closes)
                socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client went away.
        }
    }

    // The one outer field of a request: a tag of two varint bytes for numbers above 15.
    private static int Operation(byte[] message)
    {
        if (message.Length < 3 || (message[0] & 7) != 2)
            return 0;
        bool isLong = message[0] >= 0x80;
        int number = isLong ? ((message[0] & 0x7F) | message[1] << 7) >> 3 : message[0] >> 3;
        int at = isLong ? 2 : 1, length = 0;
        for (int shift = 0; at < message.Length; shift += 7)
        {
            length |= (message[at] & 0x7F) << shift;
            if (message[at++] < 0x80)
                break;
        }

        return at + length == message.Length ? number : 0;
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int length)
    {
        byte[] bytes = new byte[length];
        int at = 0;
        while (at < length)
        {
            int got = await socket.ReceiveAsync(bytes.AsMemory(at));
            if (got == 0)
                return bytes[..at];
            at += got;
        }

        return bytes;
    }
}
