using System.Buffers;

namespace Witan.Machine;

/// <summary>Bytes of a snapshot, which are written in hexadecimal.</summary>
internal static class HexText
{
    /// <summary>The bytes; null where the text is empty or no hexadecimal.</summary>
    public static byte[]? Decode(string text)
    {
        if (text.Length == 0 || text.Length % 2 != 0)
            return null;
        byte[] bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done ? bytes : null;
    }
}
