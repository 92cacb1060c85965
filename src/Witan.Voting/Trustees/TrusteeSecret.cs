using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The private side of one trustee in one key generation: its polynomial, and the seed of its proof of possession. Born in the trustee, stored
/// sealed, never sent. It is for one key generation: whoever gets shares of it in two of them gets the polynomial.
/// </summary>
public sealed class TrusteeSecret : IDisposable
{
    // The seed of the proof, then a_0 … a_(t-1).
    private readonly P256Scalar[] _scalars;

    private TrusteeSecret(int index, P256Scalar[] scalars) => (Index, _scalars) = (index, scalars);

    /// <summary>Whose it is.</summary>
    public int Index { get; }

    private ReadOnlySpan<P256Scalar> Coefficients => _scalars.AsSpan(1);

    /// <summary>Draws a polynomial of degree t - 1.</summary>
    public static TrusteeSecret Create(int index, int threshold, ScalarSource random) =>
        new(index, [.. Enumerable.Range(0, threshold + 1).Select(_ => random())]);

    /// <summary>Restores a secret from its byte form: 32 bytes for the seed and for each coefficient.</summary>
    public static bool TryDecode(int index, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TrusteeSecret? secret)
    {
        secret = null;
        var scalars = new P256Scalar[bytes.Length / P256Scalar.Size];
        if (scalars.Length < 2 || bytes.Length % P256Scalar.Size != 0)
            return false;
        for (int i = 0; i < scalars.Length; i++)
        {
            if (!P256Scalar.TryDecode(bytes.Slice(i * P256Scalar.Size, P256Scalar.Size), out scalars[i]!))
            {
                Array.ForEach(scalars[..i], scalar => scalar.Dispose());
                return false;
            }
        }

        secret = new TrusteeSecret(index, scalars);
        return true;
    }

    /// <summary>The byte form. The caller seals it and zeroes it.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[_scalars.Length * P256Scalar.Size];
        for (int i = 0; i < _scalars.Length; i++)
            _scalars[i].WriteTo(bytes.AsSpan(i * P256Scalar.Size));
        return bytes;
    }

    /// <summary>
    /// The contribution with its commitment, both signed. Deterministic from secret and context: a restarted trustee says the same again, and in another
    /// context the proof has another nonce, so that two proofs say no more than one.
    /// </summary>
    public (ContributionCommitment Commitment, KeyContribution Contribution) Contribute(KeyGenerationContext context, ReadOnlySpan<byte> signingSeed)
    {
        var points = new P256Point[Coefficients.Length];
        for (int i = 0; i < points.Length; i++)
            points[i] = P256Point.MultiplyBase(Coefficients[i]);
        using P256Scalar nonce = Nonce(context, points);
        P256Scalar challenge = JointKey.PossessionChallenge(context, Index, points, P256Point.MultiplyBase(nonce));
        using P256Scalar answer = challenge * Coefficients[0];
        var unsigned = new KeyContribution(Index, points, challenge, nonce + answer, []);
        KeyContribution contribution = unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(context)) };
        Digest hash = contribution.Hash(context);
        byte[] signature = Ed25519.Sign(signingSeed, JointKey.CommitmentBytes(context, Index, hash));
        return (new ContributionCommitment(Index, hash, signature), contribution);
    }

    // One nonce under two challenges gives the secret away, so all that the challenge is made of goes into it (as in RFC 6979).
    private P256Scalar Nonce(KeyGenerationContext context, IReadOnlyList<P256Point> points)
    {
        byte[] about = context.Begin(DomainTags.PossessionNonce).Number(Index).List(points, (writer, point) => writer.Point(point)).ToBytes();
        byte[] seed = _scalars[0].ToBytes();
        byte[] wide = HMACSHA512.HashData(seed, about);
        P256Scalar nonce = P256Scalar.Reduce(wide);
        CryptographicOperations.ZeroMemory(seed);
        CryptographicOperations.ZeroMemory(wide);
        return nonce;
    }

    /// <summary>f(j): the share of another trustee. Dispose it.</summary>
    public P256Scalar Share(int to)
    {
        // Horner, from the highest coefficient down; what is between is as secret as the share.
        P256Scalar x = P256Scalar.FromInt64(to);
        P256Scalar sum = P256Scalar.FromInt64(0);
        for (int i = Coefficients.Length - 1; i >= 0; i--)
        {
            using P256Scalar before = sum;
            using P256Scalar product = before * x;
            sum = product + Coefficients[i];
        }

        return sum;
    }

    /// <summary>Seals the share of another trustee to its attested key.</summary>
    public SealedShare Seal(KeyGenerationContext context, Trustee to, ReadOnlySpan<byte> signingSeed)
    {
        using P256Scalar share = Share(to.Index);
        byte[] info = ShareInfo(context, Index, to.Index);
        byte[] bytes = share.ToBytes();
        byte[] message = Hpke.Seal(to.Keys.Encryption, info, [], bytes);
        CryptographicOperations.ZeroMemory(bytes);
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

        bool decodes = P256Scalar.TryDecode(bytes, out share);
        CryptographicOperations.ZeroMemory(bytes);
        return decodes && JointKey.IsShare(from, to, share!);
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
        foreach (P256Scalar scalar in _scalars)
            scalar.Dispose();
    }

    private static byte[] ShareInfo(KeyGenerationContext context, int from, int to) =>
        context.Begin(DomainTags.Share).Number(from).Number(to).ToBytes();

    private static byte[] ShareBytes(byte[] info, byte[] message) => new CanonicalWriter(DomainTags.ShareSignature).Bytes(info).Bytes(message).ToBytes();
}
