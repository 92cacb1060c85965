using System.Text.Json;
using Witan.Attestation;

namespace Witan.Benchmarks.Verify;

/// <summary>
/// <c>verify [--rounds N] [--no-peer] [--json]</c>: verifications of TDX quotes per second on one core, beside their limit: libcrypto's
/// P-256 verifications alone. Warm: trusted collateral and the host's PCK chain are known; the attestation key too, or new with each
/// quote. Cold: everything from bytes, collateral and revocation lists included, nothing remembered but the trust root.
/// </summary>
internal static class VerifyBenchmark
{
    private const string Limit = "libcrypto P-256 verify", Known = "warm, known host", NewKey = "warm, new attestation key", Cold = "cold, everything";
    private const int Quotes = 256;

    // Quote, QE report, PCK, PCK CA, TCB signing certificate, TCB info, QE identity, root CRL, PCK CRL.
    private const int ColdVerifications = 9;

    private static BenchmarkPlatform s_platform = null!;
    private static TrustedCollateral s_collateral = null!;
    private static byte[][] s_ofOneKey = [], s_ofManyKeys = [];

    public static int Run(string[] args)
    {
        int named = Array.IndexOf(args, "--rounds");
        int rounds = named >= 0 && named + 1 < args.Length && int.TryParse(args[named + 1], out int given) && given >= 3 ? given : 60;
        Console.Error.WriteLine($"signing {2 * Quotes} quotes ...");
        using var platform = new BenchmarkPlatform();
        s_platform = platform;
        (s_ofOneKey, s_ofManyKeys) = (platform.OfOneKey(Quotes), platform.OfManyKeys(Quotes));
        s_collateral = Trust(platform.Collateral) ?? throw new InvalidOperationException("the benchmark's own collateral is refused");
        using var raw = new RawVerification();
        var cache = new VerificationCache();
        bool WarmKnown(int times) => Verify(s_ofOneKey, times, cache);

        var rates = new Interleaved((Limit, 200, raw.Run), (Known, 100, WarmKnown), (NewKey, 100, WarmNewKey), (Cold, 20, ColdRun));
        Console.Error.WriteLine("warming up ...");
        WarmKnown(2000);
        WarmNewKey(Quotes);
        ColdRun(2000);
        Console.Error.WriteLine($"measuring in {rounds} rounds ...");
        rates.Run(rounds);
        long before = GC.GetAllocatedBytesForCurrentThread();
        WarmKnown(1000);
        double allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0;
        Console.Error.WriteLine("two threads ...");
        var results = new
        {
            schema = "witan.bench.verify/1",
            ratios = new
            {
                warmKnownHost = Math.Round(rates.Ratio(Known, Limit, 2), 3),
                warmNewKey = Math.Round(rates.Ratio(NewKey, Limit, 2), 3),
                cold = Math.Round(rates.Ratio(Cold, Limit, ColdVerifications), 3),
                twoThreads = Math.Round(TwoThreads.Scaling(WarmKnown, 400, rounds), 2),
                twoThreadsLimit = Math.Round(TwoThreads.Scaling(RawAlone, 800, rounds), 2),
            },
            rates = new
            {
                libcryptoP256Verify = Math.Round(rates.Rate(Limit)),
                warmKnownHost = Math.Round(rates.Rate(Known)),
                warmNewKey = Math.Round(rates.Rate(NewKey)),
                cold = Math.Round(rates.Rate(Cold)),
            },
            p256Verifications = new { warm = 2, cold = ColdVerifications },
            bytesAllocatedPerWarmVerification = Math.Round(allocated),
            collateralBytes = platform.Collateral.Length,
            peer = args.Contains("--no-peer") ? (JsonElement?)null : NodePeer.Run(platform, s_ofOneKey),
        };
        string json = JsonSerializer.Serialize(results);
        if (!args.Contains("--json"))
        {
            foreach (string name in (string[])[Limit, Known, NewKey, Cold])
                Console.WriteLine($"{name,-28} {rates.Rate(name),8:F0}/s");
            Console.WriteLine($"{"allocated, warm",-28} {allocated,8:F0} bytes");
        }

        Console.WriteLine(json);
        return 0;
    }

    // Each thread with its own key: how far this machine's cores are two.
    private static bool RawAlone(int times)
    {
        using var raw = new RawVerification();
        return raw.Run(times);
    }

    private static TrustedCollateral? Trust(byte[] json) => Collateral.TryParse(json, out Collateral? collateral, out _)
        ? CollateralVerifier.Verify(collateral, s_platform.Root, BenchmarkPlatform.At).Trusted
        : null;

    private static bool Verify(byte[][] quotes, int times, VerificationCache cache)
    {
        bool good = true;
        for (int i = 0; i < times; i++)
            good &= Verify(quotes[i % quotes.Length], s_collateral, cache);
        return good;
    }

    private static bool Verify(byte[] bytes, TrustedCollateral collateral, VerificationCache? cache) =>
        Quote.TryParse(bytes, out Quote? quote, out _)
        && QuoteVerifier.Verify(quote, collateral, BenchmarkPlatform.At, cache) is { Authenticity: Authenticity.Genuine, Tcb.Status: TcbStatus.UpToDate };

    // A new cache each time, which has seen the host once, under another attestation key.
    private static bool WarmNewKey(int times)
    {
        var cache = new VerificationCache();
        return Verify(s_ofOneKey[0], s_collateral, cache) && Verify(s_ofManyKeys, Math.Min(times, Quotes), cache);
    }

    private static bool ColdRun(int times)
    {
        bool good = true;
        for (int i = 0; i < times; i++)
            good &= Trust(s_platform.Collateral) is { } collateral && Verify(s_ofManyKeys[i % Quotes], collateral, null);
        return good;
    }
}
