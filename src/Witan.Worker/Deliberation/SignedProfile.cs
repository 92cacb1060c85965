using System.Security.Cryptography;
using System.Text;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Worker.Deliberation;

/// <summary>
/// A profile as it was read, and its owner's signature. A host hands the profile to the worker: without a signature it could put another mind in its place.
/// </summary>
/// <param name="Profile">The profile.</param>
/// <param name="Hash">SHA-256 of its JSON, for the log.</param>
/// <param name="Signature">The owner's signature, 64 bytes; null where there is none.</param>
public sealed record SignedProfile(WorkerProfile Profile, Digest Hash, byte[]? Signature)
{
    /// <summary>What a signature's file is called, behind the profile's name.</summary>
    public const string SignatureSuffix = ".sig";

    /// <summary>Environment variable with the signature of a profile that is given as text.</summary>
    public const string SignatureVariable = "WITAN_PROFILE_SIGNATURE";

    private static readonly byte[] s_tag = Encoding.ASCII.GetBytes("witan/profile/v1");

    /// <summary>
    /// Takes a profile's bytes and its signature, 128 hexadecimal digits: <paramref name="signature"/> itself, or where that is null or empty what stands beside the
    /// file that <paramref name="source"/> names. Throws <see cref="FormatException"/> for a profile that is none, and <see cref="SettingException"/> for a
    /// signature that cannot be read.
    /// </summary>
    public static SignedProfile Of(ReadOnlySpan<byte> json, TextOrFile source, string? signature = null) =>
        new(WorkerProfile.Parse(json), new Digest(SHA256.HashData(json)), string.IsNullOrEmpty(signature) ? SignatureBeside(source) : ParseSignature(signature, SignatureVariable));

    /// <summary>Signs a profile's bytes.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> json, byte[] seed) => Ed25519.Sign(seed, SignedBytes(SHA256.HashData(json)));

    /// <summary>Whether the owner signed it.</summary>
    public bool IsSignedBy(Digest owner) => Signature is not null && Ed25519.Verify(owner.Bytes, SignedBytes(Hash.Bytes), Signature);

    private static byte[] SignedBytes(ReadOnlySpan<byte> hash) => [.. s_tag, .. hash];

    private static byte[]? SignatureBeside(TextOrFile source) =>
        source.Beside(SignatureSuffix) is { } file ? ParseSignature(Encoding.ASCII.GetString(file.Read()), file.Name) : null;

    private static byte[] ParseSignature(string text, string name)
    {
        try
        {
            return Convert.FromHexString(text.Trim()) is { Length: 64 } signature ? signature : throw new FormatException();
        }
        catch (FormatException)
        {
            throw new SettingException($"{name} holds no signature of 128 hexadecimal digits", "make it anew: witan worker profile sign");
        }
    }
}
