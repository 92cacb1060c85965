using System.Text.Json.Nodes;
using Witan.Fuzz.Pki;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>Signed documents that are for another platform, of another kind, tampered with, or out of form.</summary>
public class CollateralTests
{
    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["another FMSPC"] = new(true, a => a.TcbInfo["fmspc"] = "D0D0D0D0D0D1", "TCB_INFO_FMSPC_MISMATCH"),
        ["FMSPC in lower case"] = new(true, a => a.TcbInfo["fmspc"] = "d0d0d0d0d0d0", null),
        ["another PCEID"] = new(true, a => a.TcbInfo["pceId"] = "0001", "TCB_INFO_PCEID_MISMATCH"),
        ["SGX TCB info with a TDX quote"] = new(true, a => a.TcbInfo = TestDocuments.TcbInfo(false, Issued, Next), "TCB_INFO_TEE_MISMATCH"),
        ["TDX TCB info with an SGX quote"] = new(false, a => a.TcbInfo = TestDocuments.TcbInfo(true, Issued, Next), "TCB_INFO_TEE_MISMATCH"),
        ["TCB info of version 2"] = new(false, a => a.TcbInfo = TestDocuments.TcbInfoV2(Issued, Next), null),
        ["TCB info of version 2 with a TDX quote"] = new(true, a => a.TcbInfo = TestDocuments.TcbInfoV2(Issued, Next), "TCB_INFO_TEE_MISMATCH"),
        ["TCB info of version 4"] = new(true, a => a.TcbInfo["version"] = 4, "TCB_INFO_VERSION_UNSUPPORTED"),
        ["SGX TCB info with a TDX module"] = new(false, a => a.TcbInfo["tdxModule"] = new JsonObject(), "TCB_INFO_INVALID"),
        ["SGX TCB info with TDX components"] = new(false, a => Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb")["tdxtcbcomponents"] = new JsonArray([.. Enumerable.Range(0, 16).Select(_ => (JsonNode)new JsonObject { ["svn"] = 9 })]), null),
        ["SGX TCB info with TDX components, and a platform that is behind"] = new(false, a =>
        {
            Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb")["tdxtcbcomponents"] = new JsonArray([.. Enumerable.Range(0, 16).Select(_ => (JsonNode)new JsonObject { ["svn"] = 9 })]);
            a.Extension.PceSvn = 12;
        }, null, "TCB_OUT_OF_DATE"),
        ["TCB info for something else"] = new(true, a => a.TcbInfo["id"] = "SEV", "TCB_INFO_INVALID"),
        ["TCB type of 1"] = new(true, a => a.TcbInfo["tcbType"] = 1, "TCB_INFO_INVALID"),
        ["QE identity with a TDX quote"] = new(true, a => a.QeIdentity["id"] = "QE", "QE_IDENTITY_TEE_MISMATCH"),
        ["TD_QE identity with an SGX quote"] = new(false, a => a.QeIdentity["id"] = "TD_QE", "QE_IDENTITY_TEE_MISMATCH"),
        ["QVE identity"] = new(false, a => a.QeIdentity["id"] = "QVE", "QE_IDENTITY_TEE_MISMATCH"),
        ["QE identity of version 3"] = new(false, a => a.QeIdentity["version"] = 3, "QE_IDENTITY_VERSION_UNSUPPORTED"),
        ["different evaluation numbers"] = new(true, a => a.QeIdentity["tcbEvaluationDataNumber"] = 19, null, "COLLATERAL_EVALUATION_NUMBERS_DIFFER"),
        ["pretty-printed after signing"] = new(true, a => a.TamperTcbInfo = text => JsonNode.Parse(text)!.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }), "TCB_INFO_SIGNATURE_INVALID"),
        ["members in another order after signing"] = new(true, a => a.TamperQeIdentity = text =>
        {
            var json = (JsonObject)JsonNode.Parse(text)!;
            JsonNode id = json["id"]!.DeepClone();
            json.Remove("id");
            json["id"] = id;
            return json.ToJsonString();
        }, "QE_IDENTITY_SIGNATURE_INVALID"),
        ["white space behind the signed text"] = new(true, a => a.TamperTcbInfo = text => text + " ", "TCB_INFO_SIGNATURE_INVALID"),
        ["FMSPC's case changed after signing"] = new(true, a => a.TamperTcbInfo = text => text.Replace("D0D0D0D0D0D0", "d0D0D0D0D0D0", StringComparison.Ordinal), "TCB_INFO_SIGNATURE_INVALID"),
        ["repeated member, signed"] = new(true, a => a.ChangeTcbInfo = text => text.Replace("\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0", StringComparison.Ordinal), "TCB_INFO_FORMAT"),
        ["unknown member, signed"] = new(true, a => a.TcbInfo["new"] = new JsonArray(1, 2), null),
        ["15 components"] = new(true, a => ((JsonArray)a.TcbInfo["tcbLevels"]![0]!["tcb"]!["sgxtcbcomponents"]!).RemoveAt(15), "TCB_INFO_INVALID"),
        ["17 components"] = new(true, a => ((JsonArray)a.TcbInfo["tcbLevels"]![0]!["tcb"]!["tdxtcbcomponents"]!).Add(new JsonObject { ["svn"] = 0 }), "TCB_INFO_INVALID"),
        ["component of 256"] = new(true, a => Component(a)["svn"] = 256, "TCB_INFO_INVALID"),
        ["negative component"] = new(true, a => Component(a)["svn"] = -1, "TCB_INFO_INVALID"),
        ["component 1.0"] = new(true, a => a.ChangeTcbInfo = text => text.Replace("{\"svn\":5}", "{\"svn\":5.0}", StringComparison.Ordinal), "TCB_INFO_INVALID"),
        ["component in a string"] = new(true, a => Component(a)["svn"] = "5", "TCB_INFO_INVALID"),
        ["PCESVN of 65536"] = new(true, a => Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb")["pcesvn"] = 65536, "TCB_INFO_INVALID"),
        ["leap second"] = new(true, a => a.TcbInfo["issueDate"] = "2016-12-31T23:59:60Z", "TCB_INFO_INVALID"),
        ["31 February"] = new(true, a => a.TcbInfo["issueDate"] = "2026-02-31T00:00:00Z", "TCB_INFO_INVALID"),
        ["date with an offset"] = new(true, a => a.QeIdentity["issueDate"] = "2026-06-01T00:00:00+00:00", "QE_IDENTITY_INVALID"),
        ["date with a fraction"] = new(true, a => a.TcbInfo["nextUpdate"] = "2026-07-01T00:00:00.5Z", "TCB_INFO_INVALID"),
        ["no levels"] = new(true, a => a.TcbInfo["tcbLevels"] = new JsonArray(), "TCB_INFO_INVALID"),
        ["1025 levels"] = new(false, a => a.TcbInfo["tcbLevels"] = new JsonArray([.. Enumerable.Range(0, 1025).Select(i => (JsonNode)TestDocuments.Level(5, i, null, "UpToDate", "2025-01-01"))]), "TCB_INFO_INVALID"),
        ["no module identities"] = new(true, a => a.TcbInfo.Remove("tdxModuleIdentities"), "TDX_MODULE_IDENTITY_MISSING"),
        ["empty module identities"] = new(true, a => a.TcbInfo["tdxModuleIdentities"] = new JsonArray(), "TCB_INFO_INVALID"),
        ["module identity in lower case"] = new(true, a => Module(a)["id"] = "tdx_01", null),
        ["two identities for one module"] = new(true, a => ((JsonArray)a.TcbInfo["tdxModuleIdentities"]!).Add(Module(a).DeepClone()), "TCB_INFO_INVALID"),
        ["module of an unknown version"] = new(true, a => a.Quote.Body[1] = 7, "TDX_MODULE_IDENTITY_MISSING"),
        ["module of another signer"] = new(true, a => Module(a)["mrsigner"] = new string('1', 96), "TDX_MODULE_MRSIGNER_MISMATCH"),
        ["module that says another signer"] = new(true, a => a.Quote.Body[64] = 1, "TDX_MODULE_MRSIGNER_MISMATCH"),
        ["module of other attributes"] = new(true, a => Module(a)["attributes"] = "0100000000000000", "TDX_MODULE_ATTRIBUTES_MISMATCH"),
        ["SEAMATTRIBUTES with a mask that lets them pass"] = new(true, a =>
        {
            Module(a)["attributesMask"] = "0000000000000000";
            a.Quote.Body[112] = 1;
        }, "TDX_MODULE_ATTRIBUTES_MISMATCH"),
        ["QE of another MISCSELECT"] = new(true, a => a.Quote.QeReport[16] = 1, "QE_MISCSELECT_MISMATCH"),
        ["QE of another MISCSELECT outside the mask"] = new(true, a =>
        {
            a.QeIdentity["miscselectMask"] = "FEFFFFFF";
            a.Quote.QeReport[16] = 1;
        }, null),
        ["QE of other attributes"] = new(true, a => a.Quote.QeReport[48] |= 0x20, "QE_ATTRIBUTES_MISMATCH"),
        ["QE of other attributes outside the mask"] = new(true, a => a.Quote.QeReport[48] &= 0xFB, null),
        ["QE of another XFRM, outside the mask"] = new(true, a => a.Quote.QeReport[60] = 0xFF, null),
        ["QE of another signer"] = new(false, a => a.Quote.QeReport[130] ^= 1, "QE_MRSIGNER_MISMATCH"),
        ["QE of another product"] = new(false, a => a.Quote.QeReport[256] = 2, "QE_ISVPRODID_MISMATCH"),
        ["identity with bits outside its own mask"] = new(false, a => a.QeIdentity["attributes"] = "15000000000000000000000000000000", "QE_IDENTITY_INVALID"),
        ["missing member of the file"] = new(false, a => a.ChangeCollateral = file => file.Remove("root_ca_crl"), "COLLATERAL_MISSING"),
        ["member of the file that is null"] = new(false, a => a.ChangeCollateral = file => file["pck_crl"] = null, "COLLATERAL_MISSING"),
        ["CRL that is no hexadecimal"] = new(false, a => a.ChangeCollateral = file => file["pck_crl"] = "xyz!", "COLLATERAL_FORMAT"),
        ["signature of 63 bytes"] = new(false, a => a.ChangeCollateral = file => file["tcb_info_signature"] = new string('0', 126), "TCB_INFO_SIGNATURE_INVALID"),
        ["signature of zeros"] = new(false, a => a.ChangeCollateral = file => file["qe_identity_signature"] = new string('0', 128), "QE_IDENTITY_SIGNATURE_INVALID"),
        ["signatures swapped"] = new(false, a => a.ChangeCollateral = file => (file["qe_identity_signature"], file["tcb_info_signature"]) = (file["tcb_info_signature"]!.DeepClone(), file["qe_identity_signature"]!.DeepClone()), "TCB_INFO_SIGNATURE_INVALID", "QE_IDENTITY_SIGNATURE_INVALID"),
        ["CRLs in PEM"] = new(false, a => a.ChangeCollateral = file => file["pck_crl"] = System.Security.Cryptography.PemEncoding.WriteString("X509 CRL", a.PckCrl.Der()), null),
        ["CRLs in base64"] = new(false, a => a.ChangeCollateral = file => file["root_ca_crl"] = Convert.ToBase64String(a.RootCrl.Der()), null),
        ["CRLs as numbers"] = new(false, a => a.ChangeCollateral = file => file["root_ca_crl"] = new JsonArray([.. a.RootCrl.Der().Select(octet => (JsonNode)octet)]), null),
        ["lone surrogate in TCB info"] = new(true, a => a.ChangeTcbInfo = text => text.Replace("\"id\":\"TDX\"", "\"id\":\"\\ud800\"", StringComparison.Ordinal), "TCB_INFO_INVALID"),
        ["lone surrogate in QE identity"] = new(true, a => a.ChangeCollateral = file => file["qe_identity"] = file["qe_identity"]!.ToString().Replace("\"TD_QE\"", "\"\\ud800\"", StringComparison.Ordinal), "QE_IDENTITY_INVALID"),
        ["TCB info in its envelope"] = new(false, a => a.ChangeCollateral = file =>
        {
            file["tcb_info"] = $"{{\"tcbInfo\":{file["tcb_info"]},\"signature\":\"{file["tcb_info_signature"]}\"}}";
            file.Remove("tcb_info_signature");
        }, null),
    };

    private static DateTimeOffset Issued => TestAuthority.Noon.AddDays(-1);

    private static DateTimeOffset Next => TestAuthority.Noon.AddDays(29);

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_change_has_its_cause(string name) => Judgement.Check(Cases, name);

    private static JsonObject Component(TestAuthority a) => Judgement.At(a.TcbInfo, "tcbLevels", 0, "tcb", "sgxtcbcomponents", 0);

    private static JsonObject Module(TestAuthority a) => Judgement.At(a.TcbInfo, "tdxModuleIdentities", 0);
}
