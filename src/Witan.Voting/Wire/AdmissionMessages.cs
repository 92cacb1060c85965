namespace Witan.Voting.Wire;

/// <summary>Asks for a one-use nonce.</summary>
public sealed record NonceRequest(NoncePurpose Purpose);

/// <summary>The evidence that an agent brings. All of it may be empty in LOCAL_MODE.</summary>
/// <param name="Quote">The quote, raw bytes.</param>
/// <param name="EventLog">The event log as the guest agent gave it, JSON text.</param>
/// <param name="AppCompose">The app compose as measured, to the byte.</param>
/// <param name="Collateral">Collateral for the quote as JSON text, where the agent brings its own; else empty.</param>
public sealed record EvidenceBundle(byte[] Quote, string EventLog, string AppCompose, string Collateral)
{
    /// <summary>No evidence: LOCAL_MODE.</summary>
    public static EvidenceBundle None { get; } = new([], "", "", "");

    /// <summary>What a roster names the evidence by; zero where there is no quote.</summary>
    public Digest Digest() => Quote.Length == 0
        ? Voting.Digest.Zero
        : new CanonicalWriter(DomainTags.Evidence).Bytes(Quote).Text(EventLog).Text(AppCompose).Text(Collateral).Hash();
}

/// <summary>An agent asks to be admitted, renewed or enrolled.</summary>
/// <param name="Nonce">The server's nonce, as it was given.</param>
/// <param name="Binding">What the report data stands for; names the same nonce, and the agent's keys.</param>
/// <param name="Evidence">The evidence.</param>
/// <param name="DisplayName">What people call it; at most 80 characters, no identity.</param>
/// <param name="Signature">The agent's Ed25519 signature over the report data: it holds the signing key. 64 bytes.</param>
public sealed record AdmissionRequest(Nonce Nonce, ReportBinding Binding, EvidenceBundle Evidence, string DisplayName, byte[] Signature)
{
    /// <summary>Makes a request. <paramref name="signingSeed"/> is the agent's.</summary>
    public static AdmissionRequest Create(
        Nonce nonce, ReportBinding binding, EvidenceBundle evidence, string displayName, ReadOnlySpan<byte> signingSeed) =>
        new(nonce, binding, evidence, displayName, Witan.Crypto.Ed25519.Sign(signingSeed, SignedBytes(binding)));

    /// <summary>
    /// What speaks against the request before its evidence is looked at; null where nothing does: nonce, audience, purpose,
    /// possession of the signing key. The server consumes the nonce before it looks at the evidence.
    /// </summary>
    public Refusal? Check(Digest server, string audience, DateTimeOffset now)
    {
        if (Nonce.Check(server, audience, Binding.Purpose, now) is { } refusal)
            return refusal;
        if (Binding.Nonce != Nonce.Value || Binding.Audience != audience)
            return new Refusal(RefusalCode.WrongContext, "the report data is bound to another nonce or audience");
        if (DisplayName.Length > 80)
            return new Refusal(RefusalCode.WrongContext, "the display name has more than 80 characters");
        return Witan.Crypto.Ed25519.Verify(Binding.Keys.Signing.Bytes, SignedBytes(Binding), Signature)
            ? null
            : new Refusal(RefusalCode.SignatureInvalid, "the agent does not hold the signing key that it names");
    }

    private static byte[] SignedBytes(ReportBinding binding) =>
        new CanonicalWriter(DomainTags.Admission).Bytes(binding.ReportData()).ToBytes();
}

/// <summary>The answer to an admitted agent.</summary>
/// <param name="Agent">Its id.</param>
/// <param name="Did">Its outward name.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 in LOCAL_MODE.</param>
/// <param name="Mode">The server's mode.</param>
/// <param name="Mark">What every output of this mode says; empty in production.</param>
/// <param name="RenewBy">When the evidence should be renewed.</param>
/// <param name="ExpiresAt">When it expires.</param>
public sealed record AdmissionGrant(
    Digest Agent, string Did, int ConfidenceLevel, ExecutionMode Mode, string Mark, DateTimeOffset RenewBy, DateTimeOffset ExpiresAt);

/// <summary>
/// A coordinator or trustee shows itself to an agent: mutual, or the agent refuses. The nonce here is the agent's own 32
/// bytes, named in the binding.
/// </summary>
/// <param name="Binding">What the report data stands for.</param>
/// <param name="Evidence">The evidence.</param>
/// <param name="Mode">The mode it runs in.</param>
public sealed record PeerEvidence(ReportBinding Binding, EvidenceBundle Evidence, ExecutionMode Mode);
