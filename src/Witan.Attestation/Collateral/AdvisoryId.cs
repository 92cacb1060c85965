namespace Witan.Attestation;

/// <summary>The form of an advisory's id, wherever one stands. Shown to people, a control character would write lines of its own.</summary>
internal static class AdvisoryId
{
    /// <summary>What is said of one that is not.</summary>
    public const string Fault = "an advisory id does not have 1 to 64 characters, or has control characters";

    public static bool IsWellFormed(string id) => id.Length is > 0 and <= 64 && !id.Any(char.IsControl);
}
