using Witan.Worker.Models;

namespace Witan.Worker.Signers;

/// <summary>A key whose signature over an answer verified. Nothing says yet whose it is.</summary>
/// <param name="Kind">Whose the provider says it is.</param>
/// <param name="Algorithm"><c>ecdsa</c> or <c>ed25519</c>.</param>
/// <param name="Address">Ethereum address (20 bytes) or public key (32 bytes), lower-case hexadecimal.</param>
public sealed record AnswerKey(AnswerSigner Kind, string Algorithm, string Address)
{
    /// <summary>The key of an answer whose signature verified.</summary>
    public static AnswerKey Of(SignedAnswer answer, AnswerSigner kind) => new(kind, answer.SigningAlgo!, Plain(answer.SigningAddress));

    /// <summary>Whether text names this key, in any case, with or without 0x.</summary>
    public bool IsNamedBy(string? address, string? algorithm) =>
        Plain(address) == Address && string.Equals(algorithm ?? "ecdsa", Algorithm, StringComparison.OrdinalIgnoreCase);

    /// <summary>The address as report data bind it: 32 bytes, zeros on the right.</summary>
    public byte[] Padded()
    {
        byte[] padded = new byte[32];
        Convert.FromHexString(Address).CopyTo(padded, 0);
        return padded;
    }

    private static string Plain(string? address) =>
        (address is null ? "" : address.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? address[2..] : address).ToLowerInvariant();
}
