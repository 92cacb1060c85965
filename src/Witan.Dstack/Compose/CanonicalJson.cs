using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Witan.Dstack.Compose;

/// <summary>
/// The canonical form of a JSON value (RFC 8785): no white space, members sorted by UTF-16 code units, numbers as ECMAScript
/// writes them, and only what must be escaped is escaped. The guest agents' event digests of version 2 and the compose hash of
/// the JavaScript SDK are hashes of this text.
/// </summary>
public static class CanonicalJson
{
    /// <summary>
    /// The canonical text of a value in UTF-8. Throws <see cref="FormatException"/> for what has no canonical form: half a
    /// surrogate pair, or a number that no double can hold.
    /// </summary>
    public static byte[] Write(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>();
        try
        {
            WriteValue(value, output);
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("the text holds half a surrogate pair", e);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes one string with its quotation marks. Unpaired surrogates become U+FFFD.</summary>
    internal static void WriteText(string text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        ReadOnlySpan<char> rest = text;
        while (true)
        {
            int plain = rest.IndexOfAny(Escaped);
            Encoding.UTF8.GetBytes(plain < 0 ? rest : rest[..plain], output);
            if (plain < 0)
                break;
            output.Write(Escape(rest[plain]));
            rest = rest[(plain + 1)..];
        }

        output.Write("\""u8);
    }

    // Quotation mark, backslash and the 32 control characters; 0x7f and everything beyond ASCII stand as they are.
    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. "\"\\", .. Enumerable.Range(0, 32).Select(code => (char)code)]);

    private static ReadOnlySpan<byte> Escape(char c) => c switch
    {
        '"' => "\\\""u8,
        '\\' => "\\\\"u8,
        '\b' => "\\b"u8,
        '\f' => "\\f"u8,
        '\n' => "\\n"u8,
        '\r' => "\\r"u8,
        '\t' => "\\t"u8,
        _ => Encoding.ASCII.GetBytes($"\\u{(int)c:x4}"),
    };

    private static void WriteValue(JsonElement value, ArrayBufferWriter<byte> output)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, output);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                bool next = false;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (next)
                        output.Write(","u8);
                    WriteValue(item, output);
                    next = true;
                }

                output.Write("]"u8);
                break;
            case JsonValueKind.String:
                WriteText(value.GetString()!, output);
                break;
            case JsonValueKind.Number:
                output.Write(Encoding.ASCII.GetBytes(Number(value)));
                break;
            default:
                output.Write(value.ValueKind == JsonValueKind.True ? "true"u8 : value.ValueKind == JsonValueKind.False ? "false"u8 : "null"u8);
                break;
        }
    }

    private static void WriteObject(JsonElement value, ArrayBufferWriter<byte> output)
    {
        // As in ECMAScript, the last of several members with one name counts.
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
            members[member.Name] = member.Value;
        output.Write("{"u8);
        bool next = false;
        foreach ((string name, JsonElement inner) in members)
        {
            if (next)
                output.Write(","u8);
            WriteText(name, output);
            output.Write(":"u8);
            WriteValue(inner, output);
            next = true;
        }

        output.Write("}"u8);
    }

    private static string Number(JsonElement value)
    {
        double number = double.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? Number(number) : throw new FormatException($"no double can hold {value.GetRawText()}");
    }

    /// <summary>ECMAScript's Number::toString: the shortest digits that round-trip, and its own rule for the exponent.</summary>
    internal static string Number(double number)
    {
        if (number == 0)
            return "0";
        // .NET gives the same shortest digits, but places point and exponent by a rule of its own.
        string shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        int exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        int exponent = exponentAt < 0 ? 0 : int.Parse(shortest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = exponentAt < 0 ? shortest : shortest[..exponentAt];
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        string all = mantissa.Replace(".", "", StringComparison.Ordinal);
        string digits = all.TrimStart('0');
        // The value is 0.digits times ten to this power.
        int point = (dot < 0 ? mantissa.Length : dot) + exponent - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');
        string sign = number < 0 ? "-" : "";
        if (point is > 0 and <= 21)
        {
            return digits.Length <= point
                ? sign + digits.PadRight(point, '0')
                : $"{sign}{digits[..point]}.{digits[point..]}";
        }

        if (point is > -6 and <= 0)
            return $"{sign}0.{new string('0', -point)}{digits}";
        string fraction = digits.Length == 1 ? "" : "." + digits[1..];
        return $"{sign}{digits[0]}{fraction}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1)}";
    }
}
