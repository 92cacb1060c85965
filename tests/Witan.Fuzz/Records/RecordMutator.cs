namespace Witan.Fuzz.Records;

/// <summary>
/// Changes published records as bytes and as JSON: bits, bytes, digits, cuts, copies, swapped values, null and empty values. The same
/// seed gives the same changes, so every finding can be repeated.
/// </summary>
internal sealed class RecordMutator(ulong seed)
{
    private static readonly byte[][] Values =
        ["null"u8.ToArray(), "[]"u8.ToArray(), "{}"u8.ToArray(), "-1"u8.ToArray(), "9223372036854775807"u8.ToArray(), "1e400"u8.ToArray(), "\"\""u8.ToArray(), "\"\\ud800\""u8.ToArray(), "true"u8.ToArray()];

    private ulong _state = (seed * 0x9E3779B97F4A7C15) | 1;

    /// <summary>A changed copy; now and then several changes at once.</summary>
    public byte[] Mutate(byte[] original)
    {
        byte[] changed = One(original);
        while (Below(4) == 0)
            changed = One(changed);
        return changed;
    }

    private byte[] One(byte[] from)
    {
        if (from.Length < 2)
            return [.. from, (byte)Below(256)];
        int at = Below(from.Length);
        switch (Below(9))
        {
            case 0:
                return With(from, at, (byte)(from[at] ^ (1 << Below(8))));
            case 1:
                return With(from, at, (byte)Below(256));
            case 2:
                return With(from, at, (byte)"0123456789abcdef"[Below(16)]);
            case 3:
                return [.. from[..at], .. from[Math.Min(from.Length, at + 1 + Below(64))..]];
            case 4:
                return [.. from[..at], .. from[at..Math.Min(from.Length, at + 1 + Below(200))], .. from[at..]];
            case 5:
                return from[..at];
            case 6:
                return Swap(from, Value(from), Value(from));
            case 7:
                (int start, int end) = Value(from);
                return [.. from[..start], .. Values[Below(Values.Length)], .. from[end..]];
            default:
                (start, end) = Value(from);
                (int other, int otherEnd) = Value(from);
                return [.. from[..start], .. from[other..otherEnd], .. from[end..]];
        }
    }

    // A string, number or bracketed value somewhere, by its ends.
    private (int Start, int End) Value(byte[] json)
    {
        int from = Below(json.Length);
        int start = Array.FindIndex(json, from, letter => letter == ':');
        start = start < 0 ? 0 : start + 1;
        while (start < json.Length - 1 && json[start] is (byte)' ' or (byte)'\n')
            start++;
        int depth = 0;
        for (int end = start; end < json.Length; end++)
        {
            if (json[end] is (byte)'{' or (byte)'[')
                depth++;
            else if (json[end] is (byte)'}' or (byte)']' && --depth <= 0)
                return (start, depth < 0 ? end : end + 1);
            else if (json[end] == ',' && depth == 0)
                return (start, end);
        }

        return (start, json.Length);
    }

    private static byte[] Swap(byte[] from, (int Start, int End) a, (int Start, int End) b)
    {
        if (a.Start > b.Start)
            (a, b) = (b, a);
        return a.End > b.Start ? from : [.. from[..a.Start], .. from[b.Start..b.End], .. from[a.End..b.Start], .. from[a.Start..a.End], .. from[b.End..]];
    }

    private static byte[] With(byte[] from, int at, byte value)
    {
        byte[] changed = [.. from];
        changed[at] = value;
        return changed;
    }

    private int Below(int bound)
    {
        unchecked
        {
            // xorshift64*
            _state ^= _state >> 12;
            _state ^= _state << 25;
            _state ^= _state >> 27;
            return (int)((_state * 0x2545F4914F6CDD1D >> 33) % (ulong)bound);
        }
    }
}
