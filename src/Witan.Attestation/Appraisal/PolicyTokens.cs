using System.Globalization;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>The tokens of a policy file, each read with its form checked; what is wrong is thrown with member and offset.</summary>
internal ref struct PolicyTokens(ReadOnlySpan<byte> json)
{
    private const int MaximumItems = 10_000;
    private readonly int _length = json.Length;
    private Utf8JsonReader _reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
    private int _items;

    /// <summary>Where the token at hand starts.</summary>
    public readonly int Offset => (int)_reader.TokenStartIndex;

    public void Next()
    {
        if (!_reader.Read())
            throw new PolicyFormatException("the policy", _length, "ends too early");
    }

    public readonly void BeginObject(string member) => Demand(JsonTokenType.StartObject, member, "must be an object");

    public readonly void BeginArray(string member) => Demand(JsonTokenType.StartArray, member, "must be an array");

    /// <summary>The full name of the next member, with the reader on its value; null at the object's end.</summary>
    public string? NextMember(string prefix, HashSet<string> seen)
    {
        Next();
        if (_reader.TokenType == JsonTokenType.EndObject)
            return null;
        string name = prefix + Decode("member name");
        // Names go into messages, and so onto terminals.
        if (name.Length > 64 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '[' or ']'))
            throw Wrong("member name", "is no member of a policy");
        if (!seen.Add(name))
            throw Wrong(name, "stands there twice");
        Next();
        return name;
    }

    /// <summary>Goes to the next item of an array; false at its end.</summary>
    public bool NextItem()
    {
        Next();
        if (_reader.TokenType == JsonTokenType.EndArray)
            return false;
        return ++_items <= MaximumItems ? true : throw Wrong("the policy", $"has more than {MaximumItems} list entries");
    }

    /// <summary>Demands that nothing stands behind the value.</summary>
    public void End()
    {
        if (_reader.Read())
            throw Wrong("the policy", "has something behind it");
    }

    /// <summary>Printable ASCII without quotes and backslashes: it reads the same everywhere, and has one form in JSON.</summary>
    public readonly string Text(string member, int maximum)
    {
        Demand(JsonTokenType.String, member, "must be a string");
        string text = Decode(member);
        return text.Length is > 0 && text.Length <= maximum && text.All(letter => letter is >= ' ' and <= '~' and not ('"' or '\\')) && text.Trim() == text
            ? text
            : throw Wrong(member, $"must have 1 to {maximum} printable ASCII characters, without quotes, backslashes and spaces at its ends");
    }

    public readonly string Hex(string member, int size)
    {
        Demand(JsonTokenType.String, member, "must be a string");
        string text = Decode(member).ToLowerInvariant();
        return text.Length == size * 2 && text.All(char.IsAsciiHexDigitLower) ? text : throw Wrong(member, $"must have {size * 2} hexadecimal digits");
    }

    public readonly DateTimeOffset Date(string member)
    {
        Demand(JsonTokenType.String, member, "must be a string");
        return DateTimeOffset.TryParseExact(Decode(member), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset date)
            ? date
            : throw Wrong(member, "must be a moment of the form YYYY-MM-DDThh:mm:ssZ");
    }

    public readonly long Number(string member, long minimum, long maximum) =>
        _reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out long number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(member, $"must be a whole number from {minimum} to {maximum}");

    public readonly bool Boolean(string member) =>
        _reader.TokenType is JsonTokenType.True or JsonTokenType.False ? _reader.GetBoolean() : throw Wrong(member, "must be true or false");

    /// <summary>Which of the words it is.</summary>
    public readonly int OneOf(string member, params ReadOnlySpan<string?> words)
    {
        string? text = _reader.TokenType == JsonTokenType.String ? Decode(member) : null;
        int at = words.IndexOf(text);
        return at >= 0 ? at : throw Wrong(member, $"must be {string.Join(" or ", words.ToArray())}{(member == "debug" ? ": debug evidence is never accepted" : "")}");
    }

    public readonly PolicyFormatException Wrong(string member, string message) => new(member, Offset, message);

    private readonly void Demand(JsonTokenType type, string member, string message)
    {
        if (_reader.TokenType != type)
            throw Wrong(member, message);
    }

    // A lone surrogate in an escape is well-formed JSON and no text.
    private readonly string Decode(string member)
    {
        try
        {
            string text = _reader.GetString()!;
            return text.Length <= 4096 ? text : throw Wrong(member, "is too long");
        }
        catch (InvalidOperationException)
        {
            throw Wrong(member, "is no text");
        }
    }
}
