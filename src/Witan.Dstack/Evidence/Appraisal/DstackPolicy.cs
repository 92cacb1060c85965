using System.Collections.Immutable;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>What a caller demands of dstack guests. Immutable; change it with <c>with</c>. Empty lists accept any value.</summary>
public sealed record DstackPolicy
{
    /// <summary>What is demanded of the platform: TCB, levels, development roots.</summary>
    public required AppraisalPolicy Platform { get; init; }

    /// <summary>Which OS images are accepted.</summary>
    public required OsImageRule OsImages { get; init; }

    /// <summary>Accepted compose hashes, lower-case hexadecimal. Where empty, and no app-compose file was expected, the verdict warns.</summary>
    public ImmutableArray<string> ComposeHashes { get; init; } = [];

    /// <summary>Accepted application ids, lower-case hexadecimal.</summary>
    public ImmutableArray<string> AppIds { get; init; } = [];

    /// <summary>Accepted key providers. An entry with an empty id accepts any id of that name.</summary>
    public ImmutableArray<KeyProvider> KeyProviders { get; init; } = [];

    /// <summary>Whether images named as development images are accepted. They let the operator into the guest.</summary>
    /// <value>The default value is false.</value>
    public bool AcceptDevelopmentImages { get; init; }
}
