using System.Globalization;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// Reads Intel's signed JSON in one pass, strictly: no member twice, exact forms of dates and numbers, nothing behind the value. A
/// value that is not as described throws <see cref="JsonValueException"/>, a missing or repeated member <see cref="JsonException"/>; the
/// parsers turn both into findings.
/// </summary>
internal ref struct StrictJson(ReadOnlySpan<byte> document)
{
    private readonly ReadOnlySpan<byte> _document = document;
    private Utf8JsonReader _json = new(document, new JsonReaderOptions { MaxDepth = 32 });
    private bool _hasUnknown;
    private ReadOnlySpan<byte> _name;

    /// <summary>Reads the start of the document's object.</summary>
    public void Open()
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartObject)
            throw new JsonException("it is no JSON object");
    }

    /// <summary>
    /// Advances to the next member of an object that has one of the names, whose index it gives; false at the end of the object. Others
    /// are skipped. <paramref name="seen"/> starts at zero and collects a bit for each name.
    /// </summary>
    public bool Next(byte[][] names, ref uint seen, out int member)
    {
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            // Members come in the order of the names as a rule.
            int first = 32 - System.Numerics.BitOperations.LeadingZeroCount(seen);
            for (int i = 0; i < names.Length; i++)
            {
                int at = first + i < names.Length ? first + i : first + i - names.Length;
                if (!_json.ValueTextEquals(names[at]))
                    continue;
                if ((seen & (1U << at)) != 0)
                    throw Misplaced($"member {_json.GetString()} stands there twice");
                seen |= 1U << at;
                _name = names[at];
                _json.Read();
                member = at;
                return true;
            }

            _hasUnknown = true;
            _json.Read();
            _json.Skip();
        }

        member = -1;
        return false;
    }

    /// <summary>Demands members of an object that was read to its end.</summary>
    public readonly void Require(byte[][] names, uint seen, uint required)
    {
        if ((required & ~seen) is not 0 and uint missing)
            throw Misplaced($"member {System.Text.Encoding.UTF8.GetString(names[System.Numerics.BitOperations.TrailingZeroCount(missing)])} is missing");
    }

    /// <summary>Demands that nothing follows, and that no member which is not ours stands there twice.</summary>
    public void Close()
    {
        while (_json.Read())
        {
        }

        if (_hasUnknown)
            JsonDocument.Parse(_document.ToArray(), new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false }).Dispose();
    }

    /// <summary>Whether the value is an object, which <see cref="Next"/> then walks.</summary>
    public void Object()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
            throw Wrong($"{Name} is no object");
    }

    /// <summary>Enters an array.</summary>
    public void Array()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
            throw Wrong($"member {Name} is no array");
    }

    /// <summary>Advances to the next item; false at the end of the array. <paramref name="count"/> starts at zero.</summary>
    public bool NextItem(ref int count, int maximum)
    {
        _json.Read();
        if (_json.TokenType == JsonTokenType.EndArray)
            return false;
        return ++count <= maximum ? true : throw Wrong($"an array has over {maximum} items");
    }

    /// <summary>A value at hand that is not as described.</summary>
    public readonly JsonValueException Wrong(string message) => new(message, (int)_json.TokenStartIndex);

    public readonly bool IsNull => _json.TokenType == JsonTokenType.Null;

    public readonly bool IsArray => _json.TokenType == JsonTokenType.StartArray;

    /// <summary>Name of the member that was read last.</summary>
    public readonly string Name => System.Text.Encoding.UTF8.GetString(_name);

    /// <summary>The value of a string in UTF-8.</summary>
    public readonly ReadOnlyMemory<byte> Utf8()
    {
        if (_json.TokenType != JsonTokenType.String)
            throw Wrong($"member {Name} is no string");
        if (!_json.ValueIsEscaped)
            return _json.ValueSpan.ToArray();
        byte[] text = new byte[_json.ValueSpan.Length];
        return text.AsMemory(0, _json.CopyString(text));
    }

    private readonly JsonException Misplaced(string message)
    {
        (long line, long column) = JsonPlace.LineOf(_document, (int)_json.TokenStartIndex);
        return new JsonException(message, null, line, column);
    }

    /// <summary>An array of numbers from 0 to 255.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        var bytes = new List<byte>();
        for (int count = 0; NextItem(ref count, RevocationList.MaximumSize);)
            bytes.Add((byte)Number(255));
        return bytes.ToArray();
    }

    /// <summary>Where the value stands in the text, an object or an array with all that is in it.</summary>
    public (int From, int To) Slice()
    {
        int from = (int)_json.TokenStartIndex;
        _hasUnknown = true;
        _json.Skip();
        return (from, (int)_json.BytesConsumed);
    }

    public readonly int Number(int maximum) =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out int number) && number >= 0 && number <= maximum
            ? number
            : throw Wrong($"member {Name} is no number from 0 to {maximum}");

    public readonly string Text() => _json.TokenType == JsonTokenType.String
        ? _json.GetString()!
        : throw Wrong($"member {Name} is no string");

    /// <summary>Text of which few different ones occur: an equal one that was seen before is given again.</summary>
    public readonly string Word(List<string> known)
    {
        if (_json.TokenType == JsonTokenType.String)
        {
            foreach (string word in known)
            {
                if (_json.ValueTextEquals(word))
                    return word;
            }
        }

        string text = Text();
        if (known.Count < 32)
            known.Add(text);
        return text;
    }

    public readonly byte[] Hex(int size)
    {
        string text = Text();
        byte[] bytes = new byte[size];
        return text.Length == size * 2 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? bytes
            : throw Wrong($"member {Name} does not have {size * 2} hexadecimal digits");
    }

    public readonly DateTimeOffset Date() => DateTimeOffset.TryParseExact(
        Text(),
        "yyyy-MM-dd'T'HH:mm:ss'Z'",
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out DateTimeOffset date)
        ? date
        : throw Wrong($"member {Name} is no date of the form YYYY-MM-DDThh:mm:ssZ");

    public readonly TcbStatus Status(ReadOnlySpan<TcbStatus> allowed)
    {
        if (_json.TokenType == JsonTokenType.String)
        {
            foreach (TcbStatus status in allowed)
            {
                if (_json.ValueTextEquals(status.ToString()))
                    return status;
            }
        }

        throw Wrong($"tcbStatus {Text()} is not known here");
    }

    public IReadOnlyList<string> Advisories(List<string> known)
    {
        Array();
        var result = new List<string>();
        for (int count = 0; NextItem(ref count, 1024);)
        {
            string id = Word(known);
            result.Add(AdvisoryId.IsWellFormed(id) ? id : throw Wrong(AdvisoryId.Fault));
        }

        return result;
    }
}
