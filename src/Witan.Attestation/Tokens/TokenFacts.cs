namespace Witan.Attestation;

/// <summary>What a checker demands of a token.</summary>
public sealed record TokenExpectations
{
    /// <summary>For whom the token must be.</summary>
    public required string Audience { get; init; }

    /// <summary>What the checker asked with; empty leaves it unchecked, and the facts say so.</summary>
    public required ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary>Whose token it must be; null takes any issuer whose key is in the set.</summary>
    public string? Issuer { get; init; }

    /// <summary>How far the issuer's clock may run ahead.</summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What was found to be true about a token. Not a verdict: the issuer's verdict is appraised like all evidence.</summary>
public sealed record TokenFacts
{
    /// <summary>The claims; null where they could not be read. Believe them only where the token is genuine.</summary>
    public AttestationResult? Result { get; init; }

    /// <summary>The moment it was judged at.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether the signature holds, and audience, nonce and time are as demanded.</summary>
    public required Authenticity Authenticity { get; init; }

    /// <summary>Everything found, in the order of the checks.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Id of the key that signed; null where it could not be found.</summary>
    public string? KeyId { get; init; }

    /// <summary>Whether any part was appraised outside production.</summary>
    public bool IsSimulated => Result?.Submodules.Any(submodule => submodule.Appraisal?.Mode is not null) ?? false;
}
