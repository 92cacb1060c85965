using System.Collections.Immutable;
using Witan.Attestation;

namespace Witan.Worker.Signers;

/// <summary>What a worker demands of the machine that holds a provider's signing key.</summary>
/// <param name="Platform">The platform part of the worker's own policy: levels, worst level, development roots.</param>
public sealed record SignerPolicy(AppraisalPolicy Platform)
{
    /// <summary>Accepted compose hashes, lower-case hexadecimal. Empty accepts any program, and the result says that none was compared.</summary>
    public ImmutableArray<string> ComposeHashes { get; init; } = [];
}
