using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace Witan.Fuzz.Pki;

/// <summary>Documents and reports of the test platform, all UpToDate.</summary>
public static class TestDocuments
{
    private static readonly byte[] QeSigner = [.. Enumerable.Range(0x40, 32).Select(i => (byte)i)];

    /// <summary>TCB info of version 3: a good level, an OutOfDate one below it; for TDX modules 1 and 2.</summary>
    public static JsonObject TcbInfo(bool tdx, DateTimeOffset issued, DateTimeOffset next)
    {
        var info = new JsonObject
        {
            ["id"] = tdx ? "TDX" : "SGX",
            ["version"] = 3,
            ["issueDate"] = TestAuthority.Date(issued),
            ["nextUpdate"] = TestAuthority.Date(next),
            ["fmspc"] = "D0D0D0D0D0D0",
            ["pceId"] = "0000",
            ["tcbType"] = 0,
            ["tcbEvaluationDataNumber"] = 20,
        };
        if (tdx)
        {
            info["tdxModule"] = Module(null);
            info["tdxModuleIdentities"] = new JsonArray(
                Module("TDX_01", IsvLevel(5, "UpToDate", "2025-03-01"), IsvLevel(3, "OutOfDate", "2024-03-01", "INTEL-SA-00003")),
                Module("TDX_02", IsvLevel(1, "UpToDate", "2025-04-01")));
        }

        info["tcbLevels"] = new JsonArray(
            Level(5, 13, tdx ? [0, 0, 4] : null, "UpToDate", "2025-02-01"),
            Level(3, 11, tdx ? [0, 0, 2] : null, "OutOfDate", "2024-02-01", "INTEL-SA-00001", "INTEL-SA-00002"));
        return info;
    }

    /// <summary>TCB info of version 2.</summary>
    public static JsonObject TcbInfoV2(DateTimeOffset issued, DateTimeOffset next)
    {
        var tcb = new JsonObject();
        for (int i = 1; i <= 16; i++)
            tcb[$"sgxtcbcomp{i:00}svn"] = i <= 8 ? 5 : 0;
        tcb["pcesvn"] = 13;
        return new JsonObject
        {
            ["version"] = 2,
            ["issueDate"] = TestAuthority.Date(issued),
            ["nextUpdate"] = TestAuthority.Date(next),
            ["fmspc"] = "D0D0D0D0D0D0",
            ["pceId"] = "0000",
            ["tcbType"] = 0,
            ["tcbEvaluationDataNumber"] = 20,
            ["tcbLevels"] = new JsonArray(new JsonObject { ["tcb"] = tcb, ["tcbDate"] = "2025-02-01T00:00:00Z", ["tcbStatus"] = "UpToDate" }),
        };
    }

    /// <summary>One platform level: eight SGX components of one SVN, PCESVN, the first TDX components.</summary>
    public static JsonObject Level(int svn, int pceSvn, int[]? tdx, string status, string date, params string[] advisories)
    {
        var tcb = new JsonObject { ["sgxtcbcomponents"] = Components([.. Enumerable.Repeat(svn, 8)]), ["pcesvn"] = pceSvn };
        if (tdx is not null)
            tcb["tdxtcbcomponents"] = Components(tdx);
        return Dated(tcb, status, date, advisories);
    }

    /// <summary>One level of a module or quoting enclave.</summary>
    public static JsonObject IsvLevel(int svn, string status, string date, params string[] advisories) => Dated(new JsonObject { ["isvsvn"] = svn }, status, date, advisories);

    /// <summary>QE identity of version 2.</summary>
    public static JsonObject QeIdentity(bool tdx, DateTimeOffset issued, DateTimeOffset next) => new()
    {
        ["id"] = tdx ? "TD_QE" : "QE",
        ["version"] = 2,
        ["issueDate"] = TestAuthority.Date(issued),
        ["nextUpdate"] = TestAuthority.Date(next),
        ["tcbEvaluationDataNumber"] = 20,
        ["miscselect"] = "00000000",
        ["miscselectMask"] = "FFFFFFFF",
        ["attributes"] = "11000000000000000000000000000000",
        ["attributesMask"] = "FBFFFFFFFFFFFFFF0000000000000000",
        ["mrsigner"] = Convert.ToHexString(QeSigner),
        ["isvprodid"] = tdx ? 2 : 1,
        ["tcbLevels"] = new JsonArray(IsvLevel(8, "UpToDate", "2025-01-01"), IsvLevel(6, "OutOfDate", "2024-01-01", "INTEL-SA-00004")),
    };

    /// <summary>The quoting enclave's report, without its report data.</summary>
    public static byte[] QeReport(bool tdx)
    {
        byte[] report = new byte[384];
        report[48] = 0x15;
        report[56] = 0xE7;
        QeSigner.CopyTo(report, 128);
        BinaryPrimitives.WriteUInt16LittleEndian(report.AsSpan(256), (ushort)(tdx ? 2 : 1));
        BinaryPrimitives.WriteUInt16LittleEndian(report.AsSpan(258), 8);
        return report;
    }

    /// <summary>An enclave's report, not debug.</summary>
    public static byte[] SgxReport()
    {
        byte[] report = new byte[384];
        report[48] = 0x05;
        report.AsSpan(64, 32).Fill(0xE1);
        report.AsSpan(128, 32).Fill(0xE2);
        report.AsSpan(320, 64).Fill(0xE3);
        return report;
    }

    /// <summary>A TD's report of 584, 648 or 885 bytes: module 1 with SVN 5, microcode 4, SEPT_VE_DISABLE set.</summary>
    public static byte[] TdReport(int size)
    {
        byte[] report = new byte[size];
        new byte[] { 5, 1, 4 }.CopyTo(report, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(120), 1UL << 28);
        BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(128), 0xE702E7);
        report.AsSpan(136, 48).Fill(0xD1);
        report.AsSpan(520, 64).Fill(0xD3);
        if (size > 584)
            new byte[] { 5, 1, 4 }.CopyTo(report, 584);
        return report;
    }

    private static JsonObject Module(string? id, params JsonObject[] levels)
    {
        var module = new JsonObject();
        if (id is not null)
            module["id"] = id;
        module["mrsigner"] = new string('0', 96);
        module["attributes"] = new string('0', 16);
        module["attributesMask"] = new string('F', 16);
        if (id is not null)
            module["tcbLevels"] = new JsonArray([.. levels]);
        return module;
    }

    private static JsonObject Dated(JsonObject tcb, string status, string date, string[] advisories)
    {
        var level = new JsonObject { ["tcb"] = tcb, ["tcbDate"] = $"{date}T00:00:00Z", ["tcbStatus"] = status };
        if (advisories.Length > 0)
            level["advisoryIDs"] = new JsonArray([.. advisories.Select(id => (JsonNode)id)]);
        return level;
    }

    private static JsonArray Components(int[] first) =>
        new([.. Enumerable.Range(0, 16).Select(i => (JsonNode)new JsonObject { ["svn"] = i < first.Length ? first[i] : 0 })]);
}
