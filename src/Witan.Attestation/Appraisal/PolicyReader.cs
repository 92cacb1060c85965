using System.Collections.Immutable;

namespace Witan.Attestation;

/// <summary>Reads the members of a policy file. The order of members does not matter.</summary>
internal ref struct PolicyReader(ReadOnlySpan<byte> json)
{
    private PolicyTokens _tokens = new(json);

    public AppraisalPolicy Read()
    {
        var policy = new AppraisalPolicy { Name = "", Rule = LevelRule.Phala };
        bool schema = false, rule = false;
        int? worst = null;
        _tokens.Next();
        _tokens.BeginObject("the policy");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (_tokens.NextMember("", seen) is { } member)
        {
            switch (member)
            {
                case "schema":
                    _tokens.OneOf(member, PolicySchema.Appraisal);
                    schema = true;
                    break;
                case "rule":
                    policy = policy with { Rule = Rule(member) };
                    rule = true;
                    break;
                case "worstLevel":
                    worst = (int)_tokens.Number(member, 1, 5);
                    break;
                default:
                    policy = ReadMember(member, policy);
                    break;
            }
        }

        _tokens.End();
        if (!schema)
            throw new PolicyFormatException("schema", 0, $"is missing; it must be {PolicySchema.Appraisal}");
        if (!rule)
            throw new PolicyFormatException("rule", 0, "is missing; it must be phala, phala-docs or strict");
        if (policy.Name.Length == 0)
            throw new PolicyFormatException("name", 0, "is missing");
        policy = policy with { WorstLevel = worst ?? AppraisalPolicy.Named(PolicyFile.NameOf(policy.Rule))!.WorstLevel };
        // A file may carry a built-in name only for the built-in rules: outputs show the name.
        if (AppraisalPolicy.Named(policy.Name) is { } builtIn && builtIn.Hash() != policy.Hash())
            throw new PolicyFormatException("name", 0, $"{policy.Name} is the name of a built-in policy with other rules");
        if (policy is { CollateralWarnAge: { } warn, CollateralDemoteAge: { } demote } && demote < warn)
            throw new PolicyFormatException("collateralAge", 0, "demotes before it warns");
        return policy;
    }

    private AppraisalPolicy ReadMember(string member, AppraisalPolicy policy)
    {
        switch (member)
        {
            case "name": return policy with { Name = _tokens.Text(member, 64) };
            case "debug":
                _tokens.OneOf(member, "reject");
                return policy;
            case "relaunchAdvised": return policy with { RelaunchAdvised = _tokens.OneOf(member, "none", "as-launched") == 0 ? RelaunchRule.None : RelaunchRule.AsLaunched };
            case "acceptedAdvisories": return policy with { AcceptedAdvisories = Advisories(member) };
            case "rejectedAdvisories": return policy with { RejectedAdvisories = Advisories(member) };
            case "grace": return policy with { Graces = Graces() };
            case "minimumEvaluationDataNumber": return policy with { MinimumEvaluationDataNumber = _tokens.Number(member, 0, int.MaxValue) };
            case "equalEvaluationNumbers": return policy with { EqualEvaluationNumbers = _tokens.Boolean(member) };
            case "minimumTcbDate": return policy with { MinimumTcbDate = _tokens.Date(member) };
            case "collateralAge": return CollateralAge(policy);
            case "mrEnclave": return policy with { MrEnclave = Hex(member, 32) };
            case "mrSigner": return policy with { MrSigner = Hex(member, 32) };
            case "isvProdIds": return policy with { IsvProdIds = Numbers(member, 65535) };
            case "minimumIsvSvn": return policy with { MinimumIsvSvn = (int)_tokens.Number(member, 0, 65535) };
            case "configId": return policy with { ConfigId = Hex(member, 64) };
            case "minimumConfigSvn": return policy with { MinimumConfigSvn = (int)_tokens.Number(member, 0, 65535) };
            case "mrTd": return policy with { MrTd = Hex(member, 48) };
            case "rtmr": return policy with { Rtmr = Rtmr(member) };
            case "mrConfigId": return policy with { MrConfigId = Hex(member, 48) };
            case "mrOwner": return policy with { MrOwner = Hex(member, 48) };
            case "mrOwnerConfig": return policy with { MrOwnerConfig = Hex(member, 48) };
            case "mrSeam": return policy with { MrSeam = Hex(member, 48) };
            case "serviceTd": return policy with { ServiceTd = Hex(member, 48) };
            case "rejectedTdAttributes": return policy with { RejectedTdAttributes = Names(member, [.. TdAttributes.Choices.Keys]) };
            case "allowedXfam": return policy with { AllowedXfam = ulong.Parse(_tokens.Hex(member, 8), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture) };
            case "rejectedPlatform": return policy with { RejectedPlatform = Names(member, PlatformChecks.Properties) };
            case "platforms": return policy with { Platforms = Platforms() };
            case "minimumProvenance": return policy with { MinimumProvenance = (Provenance)_tokens.OneOf(member, "P0", "P1", "P2", "P3") };
            default: throw _tokens.Wrong(member, "is no member of a policy");
        }
    }

    private LevelRule Rule(string member) => (LevelRule)_tokens.OneOf(member, "phala", "phala-docs", "strict");

    private ImmutableArray<string> Advisories(string member)
    {
        var values = ImmutableArray.CreateBuilder<string>();
        for (_tokens.BeginArray(member); _tokens.NextItem();)
            values.Add(_tokens.Text(member, 64));
        return values.ToImmutable();
    }

    private ImmutableArray<string> Hex(string member, int size)
    {
        var values = ImmutableArray.CreateBuilder<string>();
        for (_tokens.BeginArray(member); _tokens.NextItem();)
            values.Add(_tokens.Hex(member, size));
        // An empty list would accept any value, which is not what somebody means who wrote it.
        return values.Count > 0 ? values.ToImmutable() : throw _tokens.Wrong(member, "is empty: leave it out to accept any value");
    }

    private ImmutableArray<int> Numbers(string member, int maximum)
    {
        var values = ImmutableArray.CreateBuilder<int>();
        for (_tokens.BeginArray(member); _tokens.NextItem();)
            values.Add((int)_tokens.Number(member, 0, maximum));
        return values.Count > 0 ? values.ToImmutable() : throw _tokens.Wrong(member, "is empty: leave it out to accept any value");
    }

    private ImmutableArray<string> Names(string member, string[] allowed)
    {
        var values = ImmutableArray.CreateBuilder<string>();
        for (_tokens.BeginArray(member); _tokens.NextItem();)
            values.Add(allowed[_tokens.OneOf(member, allowed)]);
        return values.ToImmutable();
    }

    private ImmutableArray<ImmutableArray<string>> Rtmr(string member)
    {
        var registers = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        for (_tokens.BeginArray(member); _tokens.NextItem();)
        {
            string name = $"{member}[{registers.Count}]";
            if (registers.Count == 4)
                throw _tokens.Wrong(name, "is one register too many: there are RTMR0 to RTMR3");
            var values = ImmutableArray.CreateBuilder<string>();
            for (_tokens.BeginArray(name); _tokens.NextItem();)
                values.Add(_tokens.Hex(name, 48));
            registers.Add(values.ToImmutable());
        }

        return registers.ToImmutable();
    }

    private AppraisalPolicy CollateralAge(AppraisalPolicy policy)
    {
        const long Longest = 366L * 24 * 3600;
        _tokens.BeginObject("collateralAge");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (_tokens.NextMember("collateralAge.", seen) is { } member)
        {
            policy = member switch
            {
                "collateralAge.warnSeconds" => policy with { CollateralWarnAge = TimeSpan.FromSeconds(_tokens.Number(member, 1, Longest)) },
                "collateralAge.demoteSeconds" => policy with { CollateralDemoteAge = TimeSpan.FromSeconds(_tokens.Number(member, 1, Longest)) },
                _ => throw _tokens.Wrong(member, "is no member of a policy"),
            };
        }

        return policy;
    }

    private ImmutableArray<PolicyGrace> Graces()
    {
        var graces = ImmutableArray.CreateBuilder<PolicyGrace>();
        for (_tokens.BeginArray("grace"); _tokens.NextItem();)
        {
            string prefix = $"grace[{graces.Count}]";
            int start = _tokens.Offset;
            int? level = null;
            string? advisory = null, reason = null;
            DateTimeOffset? until = null;
            _tokens.BeginObject(prefix);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (_tokens.NextMember(prefix + ".", seen) is { } member)
            {
                switch (member[(prefix.Length + 1)..])
                {
                    case "level": level = (int)_tokens.Number(member, 1, 5); break;
                    case "advisory": advisory = _tokens.Text(member, 64); break;
                    case "until": until = _tokens.Date(member); break;
                    case "reason": reason = _tokens.Text(member, 256); break;
                    default: throw _tokens.Wrong(member, "is no member of a policy");
                }
            }

            if (level is null == advisory is null)
                throw new PolicyFormatException(prefix, start, "must have exactly one of level and advisory");
            graces.Add(new PolicyGrace(level, advisory, until ?? throw new PolicyFormatException(prefix + ".until", start, "is missing: a grace has an end"), reason));
        }

        return graces.ToImmutable();
    }

    private ImmutableArray<PlatformEntry> Platforms()
    {
        var platforms = ImmutableArray.CreateBuilder<PlatformEntry>();
        for (_tokens.BeginArray("platforms"); _tokens.NextItem();)
        {
            string prefix = $"platforms[{platforms.Count}]";
            int start = _tokens.Offset;
            string? ppid = null, instance = null, fmspc = null, source = null;
            Provenance? provenance = null;
            _tokens.BeginObject(prefix);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (_tokens.NextMember(prefix + ".", seen) is { } member)
            {
                switch (member[(prefix.Length + 1)..])
                {
                    case "ppidHash": ppid = _tokens.Hex(member, 32); break;
                    case "platformInstanceId": instance = _tokens.Hex(member, 16); break;
                    case "fmspc": fmspc = _tokens.Hex(member, 6); break;
                    case "provenance": provenance = (Provenance)_tokens.OneOf(member, "P0", "P1", "P2", "P3"); break;
                    case "source": source = _tokens.Text(member, 256); break;
                    default: throw _tokens.Wrong(member, "is no member of a policy");
                }
            }

            if ((ppid is null ? 0 : 1) + (instance is null ? 0 : 1) + (fmspc is null ? 0 : 1) != 1)
                throw new PolicyFormatException(prefix, start, "must have exactly one of ppidHash, platformInstanceId and fmspc");
            if (provenance is not { } worth)
                throw new PolicyFormatException(prefix + ".provenance", start, "is missing");
            if (fmspc is not null && worth > Provenance.P1)
                throw new PolicyFormatException(prefix + ".provenance", start, "cannot be above P1: an FMSPC names a family of machines, not a machine");
            platforms.Add(new PlatformEntry { PpidHash = ppid, PlatformInstanceId = instance, Fmspc = fmspc, Provenance = worth, Source = source });
        }

        return platforms.ToImmutable();
    }
}
