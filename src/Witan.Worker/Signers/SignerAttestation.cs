using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Witan.Worker.Signers;

/// <summary>
/// Whether the key that signed an answer belongs to a TEE, and what that rests on. Kept with the answer, in the sealed reasons.
/// </summary>
/// <param name="Standing">What came out.</param>
/// <param name="Sentence">Why, for people.</param>
/// <param name="At">When it was judged.</param>
/// <param name="Nonce">The nonce that the worker sent, in hexadecimal.</param>
/// <param name="Policy">Name of the policy that judged the platform; empty where there was no judge.</param>
public sealed record SignerAttestation(SignerStanding Standing, string Sentence, DateTimeOffset At, string Nonce, string Policy)
{
    /// <summary>The platform's confidence level, 1 (best) to 5. Null where nothing verified.</summary>
    public int? ConfidenceLevel { get; init; }

    /// <summary>Whether the quote is under a development root.</summary>
    public bool IsSimulated { get; init; }

    /// <summary>SHA-256 of the app-compose file that the quote binds: which program holds the key. Null where nothing verified.</summary>
    public string? ComposeHash { get; init; }

    /// <summary>
    /// What was not checked, each in one sentence. NVIDIA's verdict on the GPU is always among them: only NVIDIA's service can give it.
    /// </summary>
    public IReadOnlyList<string> NotChecked { get; init; } = [];

    /// <summary>SHA-256 of <see cref="Report"/>, lower-case hexadecimal; null where there is none.</summary>
    public string? ReportHash => Report.IsEmpty ? null : Convert.ToHexStringLower(SHA256.HashData(Report.Span));

    /// <summary>The report as received; kept once for all answers that rest on it.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Report { get; init; }

    /// <summary>Whether the key is a TEE's.</summary>
    [JsonIgnore]
    public bool IsAttested => Standing == SignerStanding.Attested;
}
