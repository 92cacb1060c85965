using System.Net.Sockets;
using System.Text;

namespace Witan.Machine;

/// <summary>Talks to the services that may be there: AESM and dstack's guest agent. One small request a connection.</summary>
internal static class ServiceProbe
{
    private const int HeaderLimit = 64;
    private const int LongestName = 107;
    private const string KernelSockets = "/proc/net/unix";
    private const int LongestList = 1 << 18;

    /// <summary>Asks AESM how many kinds of keys it has, and which; prepares a quote only where that was asked for.</summary>
    public static void Aesm(SystemRoot root, SnapshotBuilder to, ProbeOptions options)
    {
        foreach (string name in AesmSocket.Names)
        {
            bool isAbstract = name.StartsWith('@');
            if (isAbstract && !root.IsLive)
                continue;
            string path = isAbstract ? name : root.Real(name);
            if ((isAbstract ? Unheard(root, name) : Unreachable(root, name)) is { } reason)
            {
                to.Set(Section.Sockets, name, reason);
                continue;
            }

            if (Ask(path, name, to, options))
                return;
        }

        NotProvisioned(AesmFacts.NoService, to, options);
    }

    /// <summary>Looks for dstack's socket and makes one request that any version answers.</summary>
    public static void GuestAgent(SystemRoot root, SnapshotBuilder to, TimeSpan limit)
    {
        foreach (string name in Dstack.Sockets)
        {
            string path = root.Real(name);
            if (Unreachable(root, name) is { } unreachable)
            {
                to.Set(Section.Sockets, name, unreachable);
                continue;
            }

            try
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.SendTimeout = socket.ReceiveTimeout = (int)limit.TotalMilliseconds;
                socket.Connect(new UnixDomainSocketEndPoint(path));
                to.Set(Section.Sockets, name, "connected");
                string method = name.EndsWith("tappd.sock", StringComparison.Ordinal) ? "/prpc/Tappd.Info" : "/Info";
                socket.Send(Encoding.ASCII.GetBytes($"GET {method} HTTP/1.1\r\nHost: dstack\r\nConnection: close\r\n\r\n"));
                byte[] head = new byte[HeaderLimit];
                int got = socket.Receive(head);
                string line = Encoding.ASCII.GetString(head, 0, got).Split('\r')[0];
                // Only the status line is kept: the answer names the application.
                to.Set(Section.Requests, "dstack", got == 0 ? Reading.Failed("closed") : Reading.Of(line));
                return;
            }
            catch (SocketException e)
            {
                string reason = AesmClient.Name(e.SocketErrorCode);
                to.Set(to.Has(Section.Sockets, name) ? Section.Requests : Section.Sockets, to.Has(Section.Sockets, name) ? "dstack" : name, Reading.Failed(reason));
            }
        }
    }

    // Why a socket need not be tried; null where it is there. The kernel takes names of at most 107 bytes.
    private static Reading? Unreachable(SystemRoot root, string name)
    {
        Reading there = root.Exists(name);
        return there.IsFailure ? there : Encoding.UTF8.GetByteCount(root.Real(name)) > LongestName ? Reading.Failed("ENAMETOOLONG") : null;
    }

    // What connecting would say of an abstract name that the kernel does not list, without the cost of finding out. Null where it
    // is listed, or where the list is longer than read or cannot be read.
    private static Reading? Unheard(SystemRoot root, string name)
    {
        Reading failure = root.Bytes(KernelSockets, LongestList, out byte[] list);
        return failure.IsFailure || list.Length == LongestList || list.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name)) >= 0 ? null : Reading.Failed("ECONNREFUSED");
    }

    private static bool Ask(string path, string name, SnapshotBuilder to, ProbeOptions options)
    {
        var client = new AesmClient(path, options.ServiceLimit);
        try
        {
            AesmReply count = client.GetSupportedAttestationKeyCount();
            to.Set(Section.Sockets, name, "connected");
            to.Set(Section.Aesm, AesmFacts.AnyRequest, Convert.ToHexStringLower(count.Raw.Span));
            if (count.ErrorCode != 0 || count.Operation == AesmOperation.Unsupported || count.Number(2) is not (> 0 and < 64) || count.Number(2) is not { } number)
                NotProvisioned(count.Operation == AesmOperation.Unsupported ? AesmFacts.TooOld : AesmFacts.NoKeys, to, options);
            else
                AskForKeys(client, path, (uint)number, to, options);
            return true;
        }
        catch (AesmException e)
        {
            to.Set(Section.Sockets, name, e.Connected ? Reading.Of("connected") : Reading.Failed(e.Reason));
            if (e.Connected)
            {
                to.Set(Section.Aesm, AesmFacts.AnyRequest, Reading.Failed(e.Reason));
                NotProvisioned(e.Reason, to, options);
            }

            return e.Connected;
        }
    }

    // That the service answered the first request stands, whatever becomes of this one.
    private static void AskForKeys(AesmClient client, string path, uint number, SnapshotBuilder to, ProbeOptions options)
    {
        try
        {
            AesmReply keys = client.GetSupportedAttestationKeys(number);
            to.Set(Section.Aesm, AesmFacts.KeysRequest, Convert.ToHexStringLower(keys.Raw.Span));
            if (!options.Attest)
                return;
            if (keys.ErrorCode != 0 || keys.Operation == AesmOperation.Unsupported)
                NotProvisioned(AesmFacts.NoKeys, to, options);
            else if (EcdsaKey(keys.Bytes(2)) is { } key)
                Provision(new AesmClient(path, options.AttestLimit), key.Span, to);
            else
                NotProvisioned(AesmFacts.NoEcdsaKey, to, options);
        }
        catch (AesmException e)
        {
            to.Set(Section.Aesm, AesmFacts.KeysRequest, Reading.Failed(e.Reason));
            NotProvisioned(e.Reason, to, options);
        }
    }

    // Who asks with --attest is told why no quote was prepared, at whichever request it ended.
    private static void NotProvisioned(string reason, SnapshotBuilder to, ProbeOptions options)
    {
        if (options.Attest)
            to.Set(Section.Aesm, AesmFacts.ProvisionRequest, Reading.Failed(reason));
    }

    private static void Provision(AesmClient client, ReadOnlySpan<byte> key, SnapshotBuilder to)
    {
        try
        {
            to.Set(Section.Aesm, AesmFacts.ProvisionRequest, Prepare(client, key));
        }
        catch (AesmException e)
        {
            to.Set(Section.Aesm, AesmFacts.ProvisionRequest, Reading.Failed(e.Reason));
        }
    }

    // First how long the key's name is, then the name itself: only for that do the enclaves load and is a certificate asked for.
    private static Reading Prepare(AesmClient client, ReadOnlySpan<byte> key)
    {
        AesmReply size = client.InitQuoteEx(key);
        if (size.ErrorCode != 0 || size.Operation == AesmOperation.Unsupported)
            return Reading.Of(Convert.ToHexStringLower(size.WithoutKeyId().Span));
        if (size.Number(3) is not (>= 1 and <= AesmClient.MaximumKeyId) || size.Number(3) is not { } length)
            return Reading.Failed("no-key-id-size");
        return Reading.Of(Convert.ToHexStringLower(client.InitQuoteEx(key, (uint)length).WithoutKeyId().Span));
    }

    private static ReadOnlyMemory<byte>? EcdsaKey(ReadOnlyMemory<byte> list)
    {
        List<AttestationKey> keys = AttestationKey.Parse(list);
        int index = keys.FindIndex(key => key.IsEcdsa);
        // Not null: that would become an empty name, by way of an empty array.
        return index < 0 ? default(ReadOnlyMemory<byte>?) : list.Slice(index * AttestationKey.Size, AttestationKey.Size);
    }
}
