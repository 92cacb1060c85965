namespace Witan.Attestation;

/// <summary>Where the PCK chain came from that a quote was verified with.</summary>
public enum PckChainSource
{
    /// <summary>There was none: nothing could be decided.</summary>
    Unavailable,

    /// <summary>The quote carries it (certification data of type 5).</summary>
    Quote,

    /// <summary>It was given with the collateral, which wins over the quote's.</summary>
    Collateral,

    /// <summary>The quote carries the PCK certificate (type 4), the collateral the two above it.</summary>
    QuoteAndCollateral,
}
