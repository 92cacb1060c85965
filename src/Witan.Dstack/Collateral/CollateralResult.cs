using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>Collateral that verified under the trust root before anything was done with it.</summary>
/// <param name="Family">What it is for.</param>
/// <param name="Set">Which set was asked for.</param>
/// <param name="Bundle">The exchanged JSON shape, as a file for <c>witan verify --collateral</c>.</param>
/// <param name="Trusted">The verified object.</param>
/// <param name="Source">The server's address.</param>
/// <param name="FetchedAt">When it came from there.</param>
/// <param name="IsFromCache">Whether nothing was fetched for this call.</param>
public sealed record FetchedCollateral(
    PlatformFamily Family, TcbSet Set, ReadOnlyMemory<byte> Bundle, TrustedCollateral Trusted, string Source, DateTimeOffset FetchedAt, bool IsFromCache);

/// <summary>What asking for collateral gave.</summary>
/// <param name="Collateral">Null where no source and no cache had any that is authentic, fresh, and not older than seen.</param>
/// <param name="Findings">
/// Each source that failed and each trouble with the cache, in order: undecided where nothing was to be had, else warnings.
/// </param>
public sealed record CollateralResult(FetchedCollateral? Collateral, IReadOnlyList<Finding> Findings);
