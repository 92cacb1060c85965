using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Witan.Crypto;

namespace Witan.Dstack.Simulator.Pki;

/// <summary>
/// ECDSA over P-256 and SHA-256 whose nonce follows from key and message: what follows from a seed is signed alike after each start, so that
/// evidence from before verifies under the root of today.
/// </summary>
internal static class SeededSignature
{
    /// <summary>r ‖ s, 64 bytes.</summary>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> data)
    {
        byte[] digest = SHA256.HashData(data), secret = key.ExportParameters(true).D!;
        try
        {
            using P256Scalar nonce = P256Scalar.Reduce(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 48, digest, "witan-simulator nonce"u8.ToArray()));
            using P256Scalar d = P256Scalar.Reduce(secret);
            P256Scalar r = P256Scalar.Reduce(P256Point.MultiplyBase(nonce).X());
            P256Scalar s = nonce.Invert() * (P256Scalar.Reduce(digest) + (r * d));
            return [.. r.ToBytes(), .. s.ToBytes()];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The same for certificates and revocation lists.</summary>
    public static X509SignatureGenerator Generator(ECDsa key) => new CertificateSignature(key);

    private sealed class CertificateSignature(ECDsa key) : X509SignatureGenerator
    {
        private readonly X509SignatureGenerator _random = CreateForECDsa(key);

        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => hashAlgorithm == HashAlgorithmName.SHA256
            ? _random.GetSignatureAlgorithmIdentifier(hashAlgorithm)
            : throw new CryptographicException($"{hashAlgorithm} is not signed with");

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm)
        {
            byte[] signature = Sign(key, data);
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteIntegerUnsigned(WithoutZeros(signature.AsSpan(0, 32)));
                writer.WriteIntegerUnsigned(WithoutZeros(signature.AsSpan(32)));
            }

            return writer.Encode();
        }

        protected override PublicKey BuildPublicKey() => _random.PublicKey;

        // The writer takes no leading zeros.
        private static ReadOnlySpan<byte> WithoutZeros(ReadOnlySpan<byte> number) => number[Math.Max(0, number.IndexOfAnyExcept((byte)0))..];
    }
}
