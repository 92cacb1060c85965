using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Reads TCB info of version 2 (SGX) and 3 (SGX, TDX).</summary>
internal static class TcbInfoParser
{
    /// <summary>Largest document that is read, in bytes.</summary>
    public const int MaximumSize = 1 << 20;

    // A module level with another status makes no document invalid; where it would match, there is no level.
    private static readonly TcbStatus[] ModuleStatuses =
    [
        TcbStatus.UpToDate, TcbStatus.OutOfDate, TcbStatus.Revoked, TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded,
        TcbStatus.ConfigurationAndSWHardeningNeeded, TcbStatus.OutOfDateConfigurationNeeded,
    ];

    private static readonly byte[][] Names =
    [
        "id"u8.ToArray(), "version"u8.ToArray(), "issueDate"u8.ToArray(), "nextUpdate"u8.ToArray(), "fmspc"u8.ToArray(), "pceId"u8.ToArray(),
        "tcbType"u8.ToArray(), "tcbEvaluationDataNumber"u8.ToArray(), "tdxModule"u8.ToArray(), "tdxModuleIdentities"u8.ToArray(), "tcbLevels"u8.ToArray(),
    ];

    private static readonly byte[][] ModuleNames =
    [
        "id"u8.ToArray(), "mrsigner"u8.ToArray(), "attributes"u8.ToArray(), "attributesMask"u8.ToArray(), "tcbLevels"u8.ToArray(),
    ];

    private const uint Always = 0b100_1111_1110;

    public static Finding? Parse(ReadOnlyMemory<byte> text, out TcbInfo? info)
    {
        info = null;
        if (text.Length > MaximumSize)
            return Refuse("COLLATERAL_TOO_LARGE", $"TCB info of {text.Length} bytes; at most {MaximumSize} are read");
        try
        {
            if (Version(text.Span) is not (2 or 3) and int version)
                return Refuse("TCB_INFO_VERSION_UNSUPPORTED", $"TCB info of version {version}; 2 and 3 are known");
            info = Read(text.Span);
            return null;
        }
        catch (JsonException e)
        {
            return Refuse("TCB_INFO_FORMAT", "TCB info cannot be read", e, text.Span);
        }
        // A string that is no text is noticed only when it is read.
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return Refuse("TCB_INFO_INVALID", "TCB info", e, text.Span);
        }
    }

    // Of another version nothing else is asked.
    private static int Version(ReadOnlySpan<byte> text)
    {
        var json = new StrictJson(text);
        json.Open();
        byte[][] names = [Names[1]];
        uint seen = 0;
        int version = json.Next(names, ref seen, out _) ? json.Number(int.MaxValue) : 0;
        json.Require(names, seen, 1);
        return version;
    }

    private static TcbInfo Read(ReadOnlySpan<byte> text)
    {
        var json = new StrictJson(text);
        var parser = new TcbLevelParser();
        string id = "";
        int version = 0, number = 0;
        DateTimeOffset issued = default, next = default;
        byte[] fmspc = [], pceId = [];
        TdxModuleIdentity? module = null;
        List<TdxModuleIdentity> modules = [];
        List<TcbLevel> levels = [];
        uint seen = 0;
        json.Open();
        while (json.Next(Names, ref seen, out int member))
        {
            switch (member)
            {
                case 0: id = json.Text(); break;
                case 1: version = json.Number(int.MaxValue); break;
                case 2: issued = json.Date(); break;
                case 3: next = json.Date(); break;
                case 4: fmspc = json.Hex(6); break;
                case 5: pceId = json.Hex(2); break;
                case 6 when json.Number(int.MaxValue) != 0: throw new FormatException("tcbType is not 0");
                case 6: break;
                case 7: number = json.Number(int.MaxValue); break;
                case 8 or 9 when id == "SGX": throw new FormatException("an SGX document speaks of TDX modules");
                case 8: module = Module(ref json, isBase: true, parser.Advisories); break;
                case 9: modules = Modules(ref json, parser.Advisories); break;
                default: levels = parser.Read(ref json); break;
            }
        }

        json.Close();
        json.Require(Names, seen, Always | (version == 3 ? 1U : 0) | (version == 3 && id == "TDX" ? 1U << 8 : 0));
        bool tdx = CheckForm(version, id, parser.Forms, seen);
        return new TcbInfo
        {
            Tee = tdx ? TeeType.Tdx : TeeType.Sgx,
            Version = version,
            IssueDate = issued,
            NextUpdate = next,
            Fmspc = fmspc,
            PceId = pceId,
            EvaluationDataNumber = number,
            Levels = Sorted(tdx ? levels : levels.ConvertAll(WithoutTdx)),
            Module = module,
            Modules = modules,
        };
    }

    private static bool CheckForm(int version, string id, (bool Arrays, bool Flat, bool Tdx) forms, uint seen)
    {
        bool tdx = version == 3 && id switch
        {
            "TDX" => true,
            "SGX" => false,
            _ => throw new FormatException($"id {id} is not known"),
        };
        if (!tdx && (seen & (0b11 << 8)) != 0)
            throw new FormatException("an SGX document speaks of TDX modules");
        if (version == 3 ? !forms.Arrays : !forms.Flat)
            throw new FormatException($"a level does not have its SGX components in the form of version {version}");
        return !tdx || forms.Tdx ? tdx : throw new FormatException("a level has no TDX components");
    }

    // As in Intel's library, of an SGX platform nothing is compared with TDX components, whoever wrote some down.
    private static TcbLevel WithoutTdx(TcbLevel level) => level.Tdx.Count == 0 ? level : new TcbLevel(level.Sgx, level.PceSvn, [], level.Status, level.Date, level.AdvisoryIds);

    private static List<TcbLevel> Sorted(List<TcbLevel> levels)
    {
        levels.Sort(TcbLevel.Compare);
        for (int i = 1; i < levels.Count; i++)
        {
            if (TcbLevel.Compare(levels[i - 1], levels[i]) == 0)
                throw new FormatException("two levels with the same SVNs");
        }

        return levels;
    }

    private static List<TdxModuleIdentity> Modules(ref StrictJson json, List<string> advisories)
    {
        json.Array();
        var modules = new List<TdxModuleIdentity>();
        for (int count = 0; json.NextItem(ref count, 256);)
        {
            TdxModuleIdentity module = Module(ref json, isBase: false, advisories);
            if (modules.Exists(other => other.Version == module.Version))
                throw new FormatException("two identities for one TDX module");
            modules.Add(module);
        }

        return modules.Count > 0 ? modules : throw new FormatException("tdxModuleIdentities is empty");
    }

    private static TdxModuleIdentity Module(ref StrictJson json, bool isBase, List<string> advisories)
    {
        json.Object();
        string id = "";
        byte[] signer = [], attributes = [], mask = [];
        List<IsvLevel> levels = [];
        uint seen = 0;
        while (json.Next(ModuleNames, ref seen, out int member))
        {
            switch (member)
            {
                case 0: id = json.Text(); break;
                case 1: signer = json.Hex(48); break;
                case 2: attributes = json.Hex(8); break;
                case 3: mask = json.Hex(8); break;
                default: levels = IsvLevelParser.Read(ref json, ModuleStatuses, repeatsByDate: false, advisories); break;
            }
        }

        json.Require(ModuleNames, seen, isBase ? 0b1110U : 0b11111U);
        return new TdxModuleIdentity(isBase ? 0 : VersionOf(id), signer, attributes, mask, isBase ? [] : levels);
    }

    private static int VersionOf(string id) =>
        id.Length == 6 && id.StartsWith("TDX_", StringComparison.OrdinalIgnoreCase)
        && int.TryParse(id.AsSpan(4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out int version)
            ? version
            : throw new FormatException($"module id {id}");

    private static Finding Refuse(string code, string what, Exception fault, ReadOnlySpan<byte> text)
    {
        (string message, int? offset) = JsonPlace.Of(fault, text);
        return Refuse(code, $"{what}: {message}") with { Offset = offset };
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "TCB info",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the collateral again; do not reformat it.",
    };
}
