using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Tests.Attestation.Policy;

/// <summary>Facts as a point in as many dimensions as an appraisal looks at, each ordered from good to bad.</summary>
internal sealed record RandomFacts
{
    public static readonly TcbStatus[] Statuses =
    [
        TcbStatus.UpToDate, TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded, TcbStatus.ConfigurationAndSWHardeningNeeded,
        TcbStatus.OutOfDate, TcbStatus.OutOfDateConfigurationNeeded, TcbStatus.RelaunchAdvised, TcbStatus.RelaunchAdvisedConfigurationNeeded,
        TcbStatus.Revoked,
    ];

    private static readonly string[] Advisories = ["INTEL-SA-00219", "INTEL-SA-00334", "INTEL-SA-00615", "INTEL-SA-01245", "INTEL-DOC-10000"];
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly QuoteFacts Known = Genuine("a platform that is listed"), Unknown = Genuine("a platform that is not");

    private static readonly string[] Names =
        ["status", "advisories", "tcb date", "evaluation number", "collateral age", "stale", "authenticity", "simulated", "attributes", "platform", "time", "finding"];

    public static int Dimensions => Names.Length;

    public int Status { get; init; }

    public int AdvisorySet { get; init; }

    public int DateAge { get; init; }

    public int NumberAge { get; init; }

    public int CollateralAge { get; init; }

    public bool Stale { get; init; }

    public Authenticity Authenticity { get; init; }

    public bool Simulated { get; init; }

    public ulong BadAttributes { get; init; }

    public bool UnknownPlatform { get; init; }

    public int Day { get; init; }

    public bool Error { get; init; }

    public static string NameOf(int dimension) => Names[dimension];

    public static RandomFacts Of(int[] draws) => new()
    {
        Status = draws[0] % (Statuses.Length + 1),
        AdvisorySet = draws[1] % 32,
        DateAge = draws[2] % 5,
        NumberAge = draws[3] % 3,
        CollateralAge = draws[4] % 20,
        Stale = draws[5] % 6 == 1,
        Authenticity = draws[6] % 8 == 1 ? Authenticity.Undetermined : Authenticity.Genuine,
        Simulated = draws[7] % 4 == 1,
        BadAttributes = draws[8] % 4 == 1 ? (1UL << 30) : 0,
        UnknownPlatform = draws[9] % 3 == 1,
        Day = draws[10] % 30,
        Error = draws[11] % 10 == 1,
    };

    public static AppraisalPolicy Policy(int[] draws) => (draws[20] % 2 == 0 ? AppraisalPolicy.Phala : AppraisalPolicy.Strict) with
    {
        WorstLevel = 1 + (draws[21] % 5),
        AcceptedAdvisories = draws[22] % 3 == 1 ? [.. Advisories.Take(draws[22] % 5)] : null,
        RejectedAdvisories = draws[23] % 3 == 1 ? [Advisories[draws[23] % 5]] : [],
        MinimumTcbDate = draws[24] % 3 == 1 ? Start.AddDays(-2) : null,
        MinimumEvaluationDataNumber = draws[25] % 3 == 1 ? 19 : null,
        CollateralWarnAge = draws[26] % 3 == 1 ? TimeSpan.FromDays(5) : null,
        CollateralDemoteAge = draws[27] % 3 == 1 ? TimeSpan.FromDays(10) : null,
        AcceptSimulated = draws[28] % 2 == 0,
        Graces = draws[29] % 3 == 1
            ? [new PolicyGrace(1 + (draws[29] % 5), null, Start.AddDays(draws[30] % 30), null), new PolicyGrace(null, Advisories[draws[30] % 5], Start.AddDays(draws[31] % 30), null)]
            : [],
        RelaunchAdvised = draws[32] % 2 == 0 ? RelaunchRule.None : RelaunchRule.AsLaunched,
        RejectedTdAttributes = draws[33] % 3 == 1 ? ["PKS"] : [],
        Platforms = [new PlatformEntry { PpidHash = Convert.ToHexStringLower(SHA256.HashData(Known.Pck!.Ppid.Span)), Provenance = Provenance.P2 }],
        MinimumProvenance = draws[34] % 3 == 1 ? Provenance.P2 : Provenance.P0,
    };

    public RandomFacts Worsen(int dimension, int amount) => dimension switch
    {
        0 => this with { Status = Math.Min(Statuses.Length, Status + 1 + (amount % 3)) },
        1 => this with { AdvisorySet = AdvisorySet | (1 << (amount % 5)) },
        2 => this with { DateAge = DateAge + 1 },
        3 => this with { NumberAge = NumberAge + 1 },
        4 => this with { CollateralAge = CollateralAge + 1 + (amount % 9) },
        5 => this with { Stale = true },
        6 => this with { Authenticity = Authenticity == Authenticity.Genuine && amount % 2 == 0 ? Authenticity.Undetermined : Authenticity.NotGenuine },
        7 => this with { Simulated = true },
        8 => this with { BadAttributes = BadAttributes | (new ulong[] { 1, 1UL << 30, 1UL << 28, 1UL << 9 })[amount % 4] },
        9 => this with { UnknownPlatform = true },
        10 => this with { Day = Day + 1 + (amount % 10) },
        _ => this with { Error = true },
    };

    public QuoteFacts Build()
    {
        QuoteFacts real = UnknownPlatform ? Unknown : Known;
        TcbStatus? status = Status < Statuses.Length ? Statuses[Status] : null;
        TcbStatus? launch = status is TcbStatus.RelaunchAdvised ? TcbStatus.OutOfDate : status is TcbStatus.RelaunchAdvisedConfigurationNeeded ? TcbStatus.OutOfDateConfigurationNeeded : status;
        DateTimeOffset date = Start.AddDays(-DateAge);
        string[] advisories = [.. Advisories.Where((_, i) => (AdvisorySet & (1 << i)) != 0).Order(StringComparer.Ordinal)];
        var evaluation = new TcbEvaluation(launch, null, null, null, date, advisories);
        List<Finding> findings = [];
        if (status is null)
            findings.Add(new Finding("TCB_LEVEL_UNSUPPORTED", FindingSeverity.Error, "no level"));
        if (Error || Authenticity == Authenticity.NotGenuine)
            findings.Add(new Finding("QUOTE_SIGNATURE_INVALID", FindingSeverity.Error, "bad"));
        if (Authenticity == Authenticity.Undetermined)
            findings.Add(new Finding("PCK_CHAIN_UNAVAILABLE", FindingSeverity.Undecided, "missing"));
        if (Stale)
            findings.Add(new Finding("TCB_INFO_EXPIRED", FindingSeverity.Undecided, "old"));
        return real with
        {
            Quote = WithAttributes(real.Quote),
            At = Start.AddDays(Day),
            Authenticity = Authenticity,
            IsSimulated = Simulated,
            Findings = findings,
            Tcb = Authenticity == Authenticity.Genuine ? new TcbFacts(status, evaluation, evaluation, advisories, status is null ? null : date, 20 - NumberAge, []) : null,
            IsCollateralStale = Stale,
            CollateralAge = TimeSpan.FromDays(CollateralAge),
        };
    }

    // SEPT_VE_DISABLE is set in the quote: a bad bit 28 is one that is missing.
    private Quote WithAttributes(Quote quote)
    {
        byte[] bytes = quote.Bytes.ToArray();
        ulong attributes = quote.TdReport.TdAttributes ^ BadAttributes;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(48 + 120), attributes);
        return Quote.TryParse(bytes, out Quote? changed, out _) ? changed : throw new InvalidOperationException();
    }

    private static QuoteFacts Genuine(string seed)
    {
        byte[] secret = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(seed));
        using var pki = new DevelopmentPki(secret);
        using var author = new TdQuoteAuthor(pki, secret);
        byte[] register = new byte[48];
        byte[] bytes = author.Quote(new TdMeasurements(register, register, [register, register, register, register]), new byte[64]);
        if (!Quote.TryParse(bytes, out Quote? quote, out _) || !Collateral.TryParse(pki.Collateral(Start), out Collateral? collateral, out _)
            || !TrustRoot.TryCreate(System.Text.Encoding.ASCII.GetBytes(pki.RootPem), true, out TrustRoot? root, out _))
        {
            throw new InvalidOperationException("the development authority makes nothing valid");
        }

        QuoteFacts facts = QuoteVerifier.Verify(quote, CollateralVerifier.Verify(collateral, root, Start).Trusted!, Start);
        return facts.Authenticity == Authenticity.Genuine ? facts : throw new InvalidOperationException(string.Join("; ", facts.Findings));
    }
}
