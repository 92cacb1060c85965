using System.Text.Json;

namespace Witan.Attestation;

/// <summary>Reads TCB info of version 2 (SGX) and 3 (SGX, TDX).</summary>
internal static class TcbInfoParser
{
    private static readonly TcbStatus[] Statuses =
    [
        TcbStatus.UpToDate, TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded, TcbStatus.ConfigurationAndSWHardeningNeeded,
        TcbStatus.OutOfDate, TcbStatus.OutOfDateConfigurationNeeded, TcbStatus.Revoked,
    ];

    public static Finding? Parse(ReadOnlyMemory<byte> text, out TcbInfo? info)
    {
        info = null;
        try
        {
            using JsonDocument document = SignedJson.Parse(text);
            JsonElement root = document.RootElement;
            int version = SignedJson.Number(root, "version", int.MaxValue);
            if (version is not (2 or 3))
                return Refuse("TCB_INFO_VERSION_UNSUPPORTED", $"TCB info of version {version}; 2 and 3 are known");
            info = Read(root, version);
            return null;
        }
        catch (JsonException e)
        {
            return Refuse("TCB_INFO_FORMAT", $"TCB info is no JSON: {e.Message}");
        }
        catch (FormatException e)
        {
            return Refuse("TCB_INFO_INVALID", $"TCB info: {e.Message}");
        }
    }

    private static TcbInfo Read(JsonElement root, int version)
    {
        bool tdx = version == 3 && SignedJson.Text(root, "id") switch
        {
            "TDX" => true,
            "SGX" => false,
            string id => throw new FormatException($"id {id} is not known"),
        };
        if (!tdx && (root.TryGetProperty("tdxModule", out _) || root.TryGetProperty("tdxModuleIdentities", out _)))
            throw new FormatException("an SGX document speaks of TDX modules");
        if (SignedJson.Number(root, "tcbType", int.MaxValue) != 0)
            throw new FormatException("tcbType is not 0");
        var levels = SignedJson.Array(root, "tcbLevels", 1, 1024).Select(level => Level(level, version, tdx)).ToList();
        levels.Sort(TcbLevel.Compare);
        for (int i = 1; i < levels.Count; i++)
        {
            if (TcbLevel.Compare(levels[i - 1], levels[i]) == 0)
                throw new FormatException("two levels with the same SVNs");
        }

        return new TcbInfo
        {
            Tee = tdx ? TeeType.Tdx : TeeType.Sgx,
            Version = version,
            IssueDate = SignedJson.Date(root, "issueDate"),
            NextUpdate = SignedJson.Date(root, "nextUpdate"),
            Fmspc = SignedJson.Hex(root, "fmspc", 6),
            PceId = SignedJson.Hex(root, "pceId", 2),
            EvaluationDataNumber = SignedJson.Number(root, "tcbEvaluationDataNumber", int.MaxValue),
            Levels = levels,
            Module = tdx ? Module(SignedJson.Member(root, "tdxModule"), 0, []) : null,
            Modules = tdx && root.TryGetProperty("tdxModuleIdentities", out _) ? Modules(root) : [],
        };
    }

    private static TcbLevel Level(JsonElement level, int version, bool tdx)
    {
        JsonElement tcb = SignedJson.Member(level, "tcb");
        return new TcbLevel(
            version == 2 ? Flat(tcb) : Components(tcb, "sgxtcbcomponents"),
            SignedJson.Number(tcb, "pcesvn", 65535),
            tdx ? Components(tcb, "tdxtcbcomponents") : [],
            SignedJson.Status(level, Statuses),
            SignedJson.Date(level, "tcbDate"),
            SignedJson.Advisories(level));
    }

    private static List<TcbComponent> Components(JsonElement tcb, string name) =>
    [
        .. SignedJson.Array(tcb, name, 16, 16).Select(component => new TcbComponent(
            (byte)SignedJson.Number(component, "svn", 255), Optional(component, "category"), Optional(component, "type"))),
    ];

    private static List<TcbComponent> Flat(JsonElement tcb) =>
    [
        .. Enumerable.Range(1, 16).Select(i => new TcbComponent((byte)SignedJson.Number(tcb, $"sgxtcbcomp{i:00}svn", 255), null, null)),
    ];

    private static string? Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out _) ? SignedJson.Text(element, name) : null;

    private static List<TdxModuleIdentity> Modules(JsonElement root)
    {
        var modules = SignedJson.Array(root, "tdxModuleIdentities", 1, 256).Select(module =>
        {
            string id = SignedJson.Text(module, "id");
            return id.Length == 6 && id.StartsWith("TDX_", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(id.AsSpan(4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out int version)
                ? Module(module, version, SignedJson.IsvLevels(module, 1, repeatsByDate: false))
                : throw new FormatException($"module id {id}");
        }).ToList();
        return modules.Select(module => module.Version).Distinct().Count() == modules.Count
            ? modules
            : throw new FormatException("two identities for one TDX module");
    }

    private static TdxModuleIdentity Module(JsonElement module, int version, IReadOnlyList<IsvLevel> levels)
    {
        SignedJson.Hex(module, "attributesMask", 8);
        return new TdxModuleIdentity(version, SignedJson.Hex(module, "mrsigner", 48), SignedJson.Hex(module, "attributes", 8), levels);
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "TCB info",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Fetch the collateral again; do not reformat it.",
    };
}
