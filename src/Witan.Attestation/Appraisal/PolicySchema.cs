using System.Text.Json;

namespace Witan.Attestation;

/// <summary>What a policy file says that it is. There are two kinds, and each reader names the other's file.</summary>
public static class PolicySchema
{
    /// <summary>An appraisal policy: what is demanded of evidence. Read by <see cref="PolicyFile"/>.</summary>
    public const string Appraisal = "witan.policy/1";

    /// <summary>A council's policy: who is admitted, and the bounds of a proposal's rules.</summary>
    public const string Council = "witan.council-policy/1";

    /// <summary>
    /// Whether the member <c>schema</c> of a JSON object is <paramref name="schema"/>, wherever it stands. False for what is no JSON; throws
    /// nothing.
    /// </summary>
    public static bool IsOf(ReadOnlySpan<byte> json, string schema)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("schema"))
                    return reader.Read() && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(schema);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or an escape that is no text: whoever reads the whole file says so.
        }

        return false;
    }
}
