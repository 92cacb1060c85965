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
/// <param name="Hash">SHA-256 of the file, for the log.</param>
/// <param name="Signature">What stands beside the file under the same name and <see cref="SignatureSuffix"/>: 128 hexadecimal digits; null where nothing does.</param>
public sealed record SignedProfile(WorkerProfile Profile, Digest Hash, byte[]? Signature)
{
    /// <summary>What a signature's file is called, behind the profile's name.</summary>
    public const string SignatureSuffix = ".sig";

    private static readonly byte[] s_tag = Encoding.ASCII.GetBytes("witan/profile/v1");

    /// <summary>
    /// Takes a profile's bytes and, where there is one, the signature beside <paramref name="path"/>. Throws <see cref="FormatException"/> for a
    /// profile that is none, and <see cref="SettingException"/> for a signature that cannot be read.
    /// </summary>
    public static SignedProfile Of(ReadOnlySpan<byte> json, string path) =>
        new(WorkerProfile.Parse(json), new Digest(SHA256.HashData(json)), SignatureBeside(path + SignatureSuffix));

    /// <summary>Signs a profile's bytes.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> json, byte[] seed) => Ed25519.Sign(seed, SignedBytes(SHA256.HashData(json)));

    /// <summary>Whether the owner signed it.</summary>
    public bool IsSignedBy(Digest owner) => Signature is not null && Ed25519.Verify(owner.Bytes, SignedBytes(Hash.Bytes), Signature);

    private static byte[] SignedBytes(ReadOnlySpan<byte> hash) => [.. s_tag, .. hash];

    private static byte[]? SignatureBeside(string path)
    {
        if (!File.Exists(path))
            return null;
        string text = new FileInfo(path).Length <= 1024 ? File.ReadAllText(path).Trim() : "";
        try
        {
            return Convert.FromHexString(text) is { Length: 64 } signature ? signature : throw new FormatException();
        }
        catch (FormatException)
        {
            throw new SettingException($"{path} holds no signature of 128 hexadecimal digits", "make it anew: witan worker profile sign");
        }
    }
}
