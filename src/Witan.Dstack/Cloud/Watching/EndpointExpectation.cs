namespace Witan.Dstack.Cloud;

/// <summary>What the evidence of an endpoint has to show before the endpoint counts as ready.</summary>
public sealed record EndpointExpectation
{
    /// <summary>The compose hash just deployed, 64 hexadecimal digits; null where any is taken.</summary>
    public string? ComposeHash { get; init; }

    /// <summary>The compose text just deployed, which the measured envelope must hold character for character; null where any is taken.</summary>
    public string? DockerComposeFile { get; init; }

    /// <summary>The confidence that is enough.</summary>
    public TierRequirement Requirement { get; init; } = TierRequirement.Default;
}

/// <summary>The weakest confidence level that is taken, for example <c>tier&lt;=3</c>. Tier 1 is the strongest, 5 the weakest.</summary>
/// <param name="Weakest">1 to 5.</param>
public sealed record TierRequirement(int Weakest)
{
    /// <summary><c>tier&lt;=3</c>.</summary>
    public static readonly TierRequirement Default = new(3);

    /// <summary>Reads <c>tier&lt;=N</c> or <c>tier&lt;N</c>; blanks are ignored.</summary>
    public static bool TryParse(string text, out TierRequirement requirement)
    {
        ArgumentNullException.ThrowIfNull(text);
        requirement = Default;
        string bare = string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
        bool included = bare.StartsWith("tier<=", StringComparison.Ordinal);
        if (!bare.StartsWith("tier<", StringComparison.Ordinal) || bare.Length != (included ? 7 : 6) || !char.IsAsciiDigit(bare[^1]))
            return false;
        requirement = new TierRequirement(bare[^1] - '0' - (included ? 0 : 1));
        return requirement.Weakest is >= 1 and <= 5;
    }

    /// <inheritdoc />
    public override string ToString() => $"tier<={Weakest}";
}
