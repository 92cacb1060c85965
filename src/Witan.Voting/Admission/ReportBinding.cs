using System.Security.Cryptography;

namespace Witan.Voting;

/// <summary>
/// What the 64 bytes of report data of a piece of evidence stand for. The prover sends these fields beside the quote, the
/// verifier rebuilds the bytes and compares all of them, so a quote made for one purpose is worth nothing for another.
/// </summary>
public sealed record ReportBinding
{
    /// <summary>What the evidence is for.</summary>
    public required NoncePurpose Purpose { get; init; }

    /// <summary>The verifier's nonce.</summary>
    public required Digest Nonce { get; init; }

    /// <summary>Who asked.</summary>
    public required string Audience { get; init; }

    /// <summary>Id of a proposal or epoch; zero where there is none.</summary>
    public Digest Context { get; init; }

    /// <summary>What the prover is.</summary>
    public required AgentRole Role { get; init; }

    /// <summary>Its keys.</summary>
    public required AgentKeys Keys { get; init; }

    /// <summary>Kind of channel binding: <c>none</c>, <c>tls-server-end-point</c> or <c>tls-exporter</c>.</summary>
    public string ChannelKind { get; init; } = "none";

    /// <summary>Value of the channel binding; empty for <c>none</c>.</summary>
    public byte[] ChannelValue { get; init; } = [];

    /// <summary>The prover's instance id; empty outside a CVM.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>The prover's app id; empty outside a CVM.</summary>
    public string AppId { get; init; } = "";

    /// <summary>Hash of the policy that the prover believes in.</summary>
    public required Digest Policy { get; init; }

    /// <summary>The 64 bytes: SHA-512 over the canonical form of all fields in order.</summary>
    public byte[] ReportData() => SHA512.HashData(new CanonicalWriter(DomainTags.ReportData)
        .Text(Purpose.ToString()).Bytes(Nonce.Bytes).Text(Audience).Bytes(Context.Bytes).Text(Role.ToString())
        .Text("Ed25519").Bytes(Keys.Signing.Bytes)
        .Text("DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM").Point(Keys.Encryption)
        .Text(ChannelKind).Bytes(ChannelValue)
        .Text(InstanceId).Text(AppId)
        .Bytes(Policy.Bytes)
        .Written);

    /// <summary>Whether a quote's report data is that of these fields, compared in constant time.</summary>
    public bool Matches(ReadOnlySpan<byte> reportData) => CryptographicOperations.FixedTimeEquals(ReportData(), reportData);
}
