using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>
/// Remembers what was verified, so that a host that is seen again costs two signatures and little else. The caller owns it, passes
/// it in, and may share one among threads and among any collateral and roots.
/// </summary>
/// <remarks>
/// A verdict never depends on what is in it. Only positive results go in, each under the hash of every byte it follows from:
/// <list type="bullet">
/// <item>a PCK chain, under the trust roots and the exact bytes of the chain: its signatures, names, purposes and extension. Dates
/// and revocation are judged anew each time;</item>
/// <item>an attestation key, ready for verifying, once a QE report that a PCK signed has bound it. The QE report's signature and the
/// quote's own are verified each time;</item>
/// <item>a TCB evaluation, under the collateral's fingerprint and every SVN that went in.</item>
/// </list>
/// </remarks>
public sealed class VerificationCache
{
    /// <summary>Hosts that are remembered unless said otherwise: some 10 KB each.</summary>
    public const int DefaultCapacity = 4096;

    private readonly BoundedMap<PckChain> _chains;
    private readonly BoundedMap<EcdsaP256Key> _attestationKeys;
    private readonly BoundedMap<EvaluatedTcb> _evaluations;

    /// <summary>Makes an empty cache. It holds at least <paramref name="capacity"/> recent results of each kind, and at most twice as many.</summary>
    public VerificationCache(int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        (_chains, _attestationKeys, _evaluations) = (new(capacity), new(capacity), new(capacity));
    }

    /// <summary>How many results of each kind are kept at least.</summary>
    public int Capacity { get; }

    /// <summary>PCK chains held now.</summary>
    public int PckChains => _chains.Count;

    /// <summary>Attestation keys held now.</summary>
    public int AttestationKeys => _attestationKeys.Count;

    /// <summary>TCB evaluations held now.</summary>
    public int TcbEvaluations => _evaluations.Count;

    /// <summary>The chain of certification data, verified before or now. Null with findings where it does not verify.</summary>
    internal PckChain? Chain(ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> chain, ChainOrigin origin, TrustedCollateral collateral, FindingList findings)
    {
        Span<byte> hash = stackalloc byte[3 * SHA256.HashSizeInBytes];
        collateral.Root.Identity.CopyTo(hash);
        SHA256.HashData(chain, hash[32..]);
        if (leaf.IsEmpty)
            hash[64..].Clear();
        else
            SHA256.HashData(leaf, hash[64..]);
        SHA256.HashData(hash, hash[..32]);
        CacheKey key = CacheKey.Of(hash);
        if (_chains.Find(key) is { } known)
            return known;
        PckChain? verified = PckChain.Verify(leaf, chain, origin, collateral, findings);
        if (verified is not null)
            _chains.Add(key, verified);
        return verified;
    }

    /// <summary>The attestation key under the hash that the QE report binds: of the key and the QE's authentication data.</summary>
    internal EcdsaP256Key? AttestationKey(ReadOnlySpan<byte> binding) => _attestationKeys.Find(CacheKey.Of(binding));

    /// <summary>Remembers a key whose binding was found in a QE report with a good signature.</summary>
    internal void AddAttestationKey(ReadOnlySpan<byte> binding, EcdsaP256Key key) => _attestationKeys.Add(CacheKey.Of(binding), key);

    /// <summary>The evaluation of the same SVNs by the same collateral, made before or now.</summary>
    internal EvaluatedTcb Evaluate(Quote quote, PckExtension pck, TrustedCollateral collateral)
    {
        // Fingerprint 32, components 16, PCESVN 2, QE ISVSVN 2, body kind 1, launch and current SVNs 16 each.
        Span<byte> input = stackalloc byte[85];
        input.Clear();
        collateral.Identity.CopyTo(input);
        pck.Components.Span.CopyTo(input[32..]);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(input[48..], (ushort)pck.PceSvn);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(input[50..], quote.QeReport.IsvSvn);
        if (quote.Tee == TeeType.Tdx)
        {
            input[52] = (byte)quote.TdReport.Kind;
            quote.TdReport.TeeTcbSvn.CopyTo(input[53..]);
            quote.TdReport.TeeTcbSvn2.CopyTo(input[69..]);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        CacheKey key = CacheKey.Of(hash);
        if (_evaluations.Find(key) is { } known)
            return known;
        EvaluatedTcb evaluated = EvaluatedTcb.Of(quote, pck, collateral);
        _evaluations.Add(key, evaluated);
        return evaluated;
    }
}
