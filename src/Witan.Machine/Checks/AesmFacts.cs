namespace Witan.Machine;

/// <summary>What is known of Intel's service for enclaves (AESM): installed, running, answering, and with which keys.</summary>
internal sealed class AesmFacts
{
    public const string Service = "aesmd";
    public const string AnyRequest = "getSupportedAttKeyIDNum";
    public const string KeysRequest = "getSupportedAttKeyIDs";
    public const string ProvisionRequest = "initQuoteEx";

    /// <summary>Why no quote was prepared though it was asked for: no service, none that knows the requests of DCAP, none that names its keys, no key of a kind that verifiers still accept.</summary>
    public const string NoService = "no-service", TooOld = "too-old", NoKeys = "no-keys", NoEcdsaKey = "no-ecdsa-key";

    private readonly MachineSnapshot _snapshot;

    public AesmFacts(MachineSnapshot snapshot)
    {
        _snapshot = snapshot;
        Reading answer = snapshot[Section.Aesm, AnyRequest];
        Answers = answer.HasValue && AesmReply.TryParse(answer.Text, out _);
        foreach (string path in AesmSocket.Names)
        {
            Reading reading = snapshot[Section.Sockets, path];
            IsRecorded |= reading.HasValue || reading.IsFailure;
            Connected ??= reading.HasValue ? path : null;
            RefusedPath ??= reading.IsRefused ? path : null;
            // An abstract name without a listener is just not there; a socket in the file system is a thing that somebody left or holds.
            if (reading is { IsFailure: true, IsMissing: false, IsRefused: false } && !path.StartsWith('@'))
                DeadReason ??= reading.Error;
        }

        IsRecorded |= answer.HasValue || answer.IsFailure;
    }

    public bool Answers { get; }

    public bool IsRecorded { get; }

    /// <summary>The socket that took a connection; null where none did.</summary>
    public string? Connected { get; }

    public string? RefusedPath { get; }

    /// <summary>Why a socket that exists takes no connection; null where there is none, or it is refused to this user.</summary>
    public string? DeadReason { get; }

    /// <summary>Whether it was looked for and is not installed.</summary>
    public bool IsAbsent => _snapshot[Section.Services, Service].IsMissing;

    /// <summary>running, installed, or empty where it is neither or unknown.</summary>
    public string State => _snapshot[Section.Services, Service].Text;

    public Mark Mark => Answers ? Mark.Supported : !IsRecorded || RefusedPath is not null ? Mark.Unknown : Mark.Fatal;

    /// <summary>The attestation key kinds offered; null where unknown.</summary>
    public IReadOnlyList<AttestationKey>? Keys =>
        AesmReply.TryParse(_snapshot[Section.Aesm, KeysRequest].Text, out AesmReply? reply) && reply is { ErrorCode: 0 }
            ? AttestationKey.Parse(reply.Bytes(2))
            : null;

    /// <summary>Why it did not name its keys; empty where it was not asked, or did.</summary>
    public string KeysFailure => _snapshot[Section.Aesm, KeysRequest].Error;

    /// <summary>The answer to a request for a quoting target, where one was made; null otherwise.</summary>
    public AesmReply? Provision => AesmReply.TryParse(_snapshot[Section.Aesm, ProvisionRequest].Text, out AesmReply? reply) ? reply : null;

    /// <summary>Why that request got no answer; empty where it was not made, or was answered.</summary>
    public string ProvisionFailure => _snapshot[Section.Aesm, ProvisionRequest].Error;

    public IEnumerable<string> Evidence()
    {
        foreach (string path in AesmSocket.Names)
        {
            Reading reading = _snapshot[Section.Sockets, path];
            if (reading.HasValue || reading.IsFailure)
                yield return $"socket {path}: {reading}";
        }

        Reading answer = _snapshot[Section.Aesm, AnyRequest];
        yield return AesmReply.TryParse(answer.Text, out AesmReply? reply)
            ? $"AESM answered {AnyRequest}: {reply}"
            : $"AESM, {AnyRequest}: {answer}";
        if (State.Length > 0)
            yield return $"service aesmd: {State}";
    }
}
