using System.Diagnostics.CodeAnalysis;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The private side of one trustee in one key generation: its polynomial. Born in the trustee, stored sealed, never sent.
/// </summary>
public sealed class TrusteeSecret : IDisposable
{
    private readonly P256Scalar[] _coefficients;

    private TrusteeSecret(int index, P256Scalar[] coefficients) => (Index, _coefficients) = (index, coefficients);

    /// <summary>Whose it is.</summary>
    public int Index { get; }

    /// <summary>Draws a polynomial of degree t - 1.</summary>
    public static TrusteeSecret Create(int index, int threshold, ScalarSource random) =>
        new(index, [.. Enumerable.Range(0, threshold).Select(_ => random())]);

    /// <summary>Restores a polynomial from its byte form: 32 bytes a coefficient.</summary>
    public static bool TryDecode(int index, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TrusteeSecret? secret)
    {
        secret = null;
        var coefficients = new P256Scalar[bytes.Length / P256Scalar.Size];
        if (coefficients.Length == 0 || bytes.Length % P256Scalar.Size != 0)
            return false;
        for (int i = 0; i < coefficients.Length; i++)
        {
            if (!P256Scalar.TryDecode(bytes.Slice(i * P256Scalar.Size, P256Scalar.Size), out coefficients[i]!))
                return false;
        }

        secret = new TrusteeSecret(index, coefficients);
        return true;
    }

    /// <summary>The byte form. The caller seals it and zeroes it.</summary>
    public byte[] ToBytes() => [.. _coefficients.SelectMany(coefficient => coefficient.ToBytes())];

    /// <summary>
    /// The contribution with its commitment, both signed. Deterministic from the secret and <paramref name="nonce"/> (the one
    /// scalar of the proof): a restarted trustee that stored both says the same again.
    /// </summary>
    public (ContributionCommitment Commitment, KeyContribution Contribution) Contribute(
        KeyGenerationContext context, ReadOnlySpan<byte> signingSeed, P256Scalar nonce)
    {
        P256Point[] points = [.. _coefficients.Select(P256Point.MultiplyBase)];
        P256Scalar challenge = JointKey.PossessionChallenge(context, Index, points, P256Point.MultiplyBase(nonce));
        var unsigned = new KeyContribution(Index, points, challenge, nonce + (challenge * _coefficients[0]), []);
        KeyContribution contribution = unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(context)) };
        Digest hash = contribution.Hash(context);
        byte[] signature = Ed25519.Sign(signingSeed, JointKey.CommitmentBytes(context, Index, hash));
        return (new ContributionCommitment(Index, hash, signature), contribution);
    }

    /// <summary>f(j): the share of another trustee. Dispose it.</summary>
    public P256Scalar Share(int to)
    {
        P256Scalar x = P256Scalar.FromInt64(to);
        return _coefficients.Reverse().Aggregate(P256Scalar.Zero, (sum, coefficient) => (sum * x) + coefficient);
    }

    /// <summary>Seals the share of another trustee to its attested key.</summary>
    public SealedShare Seal(KeyGenerationContext context, Trustee to, ReadOnlySpan<byte> signingSeed)
    {
        using P256Scalar share = Share(to.Index);
        byte[] info = ShareInfo(context, Index, to.Index);
        byte[] bytes = share.ToBytes();
        byte[] message = Hpke.Seal(to.Keys.Encryption, info, [], bytes);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
        return new SealedShare(Index, to.Index, message, Ed25519.Sign(signingSeed, ShareBytes(info, message)));
    }

    /// <summary>
    /// Opens a share sent to a trustee and checks it against the sender's contribution. False where anything about it is
    /// wrong: then the receiver complains.
    /// </summary>
    public static bool TryOpen(
        KeyGenerationContext context,
        KeyContribution from,
        SealedShare message,
        int to,
        P256Scalar encryptionSecret,
        [NotNullWhen(true)] out P256Scalar? share)
    {
        share = null;
        if (message.From != from.Index || message.To != to || context.Find(from.Index) is not { } sender)
            return false;
        byte[] info = ShareInfo(context, message.From, to);
        if (!Ed25519.Verify(sender.Keys.Signing.Bytes, ShareBytes(info, message.Sealed), message.Signature)
            || !Hpke.TryOpen(encryptionSecret, info, [], message.Sealed, out byte[]? bytes))
        {
            return false;
        }

        return P256Scalar.TryDecode(bytes, out share) && JointKey.IsShare(from, to, share);
    }

    /// <summary>Discloses a share in answer to a complaint.</summary>
    public ShareDisclosure Disclose(KeyGenerationContext context, int to, ReadOnlySpan<byte> signingSeed)
    {
        var unsigned = new ShareDisclosure(Index, to, Share(to), []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(context)) };
    }

    /// <summary>Signs a verdict on the shares received.</summary>
    public static ShareVerdict Judge(KeyGenerationContext context, int index, IEnumerable<int> against, ReadOnlySpan<byte> signingSeed)
    {
        var unsigned = new ShareVerdict(index, [.. against.Order()], []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(context)) };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (P256Scalar coefficient in _coefficients)
            coefficient.Dispose();
    }

    private static byte[] ShareInfo(KeyGenerationContext context, int from, int to) =>
        context.Begin(DomainTags.Share).Number(from).Number(to).ToBytes();

    private static byte[] ShareBytes(byte[] info, byte[] message) => new CanonicalWriter(DomainTags.ShareSignature).Bytes(info).Bytes(message).ToBytes();
}
