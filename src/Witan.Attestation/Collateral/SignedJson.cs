using System.Globalization;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Strict reading of Intel's signed JSON: no repeated member, nothing behind the value, exact forms of dates and numbers. A
/// value that is not as described throws <see cref="FormatException"/>, which the parsers turn into a finding.
/// </summary>
internal static class SignedJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    public static JsonDocument Parse(ReadOnlyMemory<byte> text) => JsonDocument.Parse(text, Options);

    public static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
            ? value
            : throw new FormatException($"member {name} is missing");

    public static string Text(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } value
        ? value.GetString()!
        : throw new FormatException($"member {name} is no string");

    public static int Number(JsonElement element, string name, int maximum)
    {
        JsonElement value = Member(element, name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 0 && number <= maximum
            ? number
            : throw new FormatException($"member {name} is no number from 0 to {maximum}");
    }

    public static byte[] Hex(JsonElement element, string name, int size)
    {
        string text = Text(element, name);
        return text.Length == size * 2 && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new FormatException($"member {name} does not have {size * 2} hexadecimal digits");
    }

    public static DateTimeOffset Date(JsonElement element, string name) => DateTimeOffset.TryParseExact(
        Text(element, name),
        "yyyy-MM-dd'T'HH:mm:ss'Z'",
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out DateTimeOffset date)
        ? date
        : throw new FormatException($"member {name} is no date of the form YYYY-MM-DDThh:mm:ssZ");

    public static List<JsonElement> Array(JsonElement element, string name, int minimum, int maximum)
    {
        JsonElement value = Member(element, name);
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() < minimum || value.GetArrayLength() > maximum)
            throw new FormatException($"member {name} is no array of {minimum} to {maximum}");
        return [.. value.EnumerateArray()];
    }

    public static IReadOnlyList<string> Advisories(JsonElement level)
    {
        if (!level.TryGetProperty("advisoryIDs", out JsonElement ids))
            return [];
        if (ids.ValueKind != JsonValueKind.Array || ids.GetArrayLength() > 1024)
            throw new FormatException("advisoryIDs is no array of at most 1024");
        string[] result = [.. ids.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.String ? id.GetString()! : throw new FormatException("an advisory id is no string"))];
        return result.All(AdvisoryId.IsWellFormed) ? result : throw new FormatException(AdvisoryId.Fault);
    }
}
