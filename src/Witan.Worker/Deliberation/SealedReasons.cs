using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Voting;
using Witan.Worker.Models;
using Witan.Worker.Signers;

namespace Witan.Worker.Deliberation;

/// <summary>What a worker keeps of one deliberation, sealed under its key. Its hash goes into the ballot.</summary>
/// <param name="Schema"><see cref="SchemaName"/>.</param>
/// <param name="Reasoning">Its reasons, written out.</param>
/// <param name="Evidence">The calls to a model.</param>
/// <param name="Reports">The provider's attestation reports as received, by their SHA-256; null where none was asked for.</param>
internal sealed record SealedReasons(string Schema, string Reasoning, IReadOnlyList<ModelEvidence> Evidence, SortedDictionary<string, byte[]>? Reports)
{
    public const string SchemaName = "witan.reasons/1";

    // Every file has one of few sizes. The smallest holds a usual transcript with its repairs and a provider's report, so that a mind that was
    // refused, or failed, leaves the same size as one that answered.
    private const int Smallest = 1 << 20;

    /// <summary>JSON with spaces behind it, in a bucket of 1 MiB or the next doubling.</summary>
    public static byte[] ToBytes(Opinion opinion)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            new SealedReasons(SchemaName, opinion.Reasoning, opinion.Evidence, ReportsOf(opinion)), SealedReasonsJson.Default.SealedReasons);
        int bucket = Smallest;
        while (bucket < json.Length)
            bucket *= 2;
        byte[] padded = new byte[bucket];
        json.CopyTo(padded, 0);
        padded.AsSpan(json.Length).Fill((byte)' ');
        CryptographicOperations.ZeroMemory(json);
        return padded;
    }

    /// <summary>
    /// What a ballot says of the sealed file, from nothing but its bytes: who keeps the file can show at any time that it is the one. The
    /// ciphertext is as random as its nonce, so the hash says nothing of what is inside.
    /// </summary>
    public static Digest Hash(Digest proposal, ReadOnlySpan<byte> file) =>
        new CanonicalWriter(DomainTags.Deliberation).Bytes(proposal.Bytes).Bytes(SHA256.HashData(file)).Hash();

    // Several answers of one signer rest on one report.
    private static SortedDictionary<string, byte[]>? ReportsOf(Opinion opinion)
    {
        var reports = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (SignerAttestation attestation in opinion.Evidence.Select(one => one.Attestation).OfType<SignerAttestation>())
        {
            if (attestation.ReportHash is { } hash)
                reports[hash] = attestation.Report.ToArray();
        }

        return reports.Count == 0 ? null : reports;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SealedReasons))]
internal sealed partial class SealedReasonsJson : JsonSerializerContext;
