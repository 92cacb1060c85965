using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Dstack;

/// <summary>What the guest agent says of its app. A claim of the agent: only evidence proves it.</summary>
/// <param name="AppId">20 bytes in hexadecimal.</param>
/// <param name="InstanceId">20 bytes in hexadecimal, or empty.</param>
/// <param name="AppName">The app's name.</param>
/// <param name="DeviceId">32 bytes in hexadecimal.</param>
/// <param name="MrAggregated">32 bytes in hexadecimal.</param>
/// <param name="OsImageHash">32 bytes in hexadecimal.</param>
/// <param name="ComposeHash">32 bytes in hexadecimal.</param>
/// <param name="AppCert">PEM, leaf first; empty until the agent has got it.</param>
/// <param name="TcbInfo">JSON text; empty from the external service where the app keeps it to itself.</param>
/// <param name="KeyProviderInfo">JSON text.</param>
/// <param name="VmConfig">JSON text; untrusted until it is bound to a quote.</param>
/// <param name="CloudVendor">What the machine's firmware says; may be empty.</param>
/// <param name="CloudProduct">What the machine's firmware says; may be empty.</param>
public sealed record InfoResponse(
    string AppId,
    string InstanceId,
    string AppName = "",
    string DeviceId = "",
    string MrAggregated = "",
    string OsImageHash = "",
    string ComposeHash = "",
    string AppCert = "",
    string TcbInfo = "",
    string KeyProviderInfo = "",
    string VmConfig = "",
    string CloudVendor = "",
    string CloudProduct = "")
{
    /// <summary><see cref="TcbInfo"/> read; null where it is empty. Throws <see cref="DstackProtocolException"/> where it is malformed.</summary>
    public TcbInfo? ReadTcbInfo()
    {
        if (TcbInfo.Length == 0)
            return null;
        try
        {
            return JsonSerializer.Deserialize(TcbInfo, AgentJson.Default.TcbInfo);
        }
        catch (JsonException e)
        {
            throw new DstackProtocolException($"Info: tcb_info is not as specified (at {e.Path ?? "$"})");
        }
    }
}

/// <summary>The measurements that the agent tells with <see cref="InfoResponse"/>. Registers have 48 bytes, hashes 32, all in hexadecimal.</summary>
/// <param name="MrTd">The initial image.</param>
/// <param name="Rtmr0">Firmware and its configuration.</param>
/// <param name="Rtmr1">Kernel.</param>
/// <param name="Rtmr2">Command line and initial file system.</param>
/// <param name="Rtmr3">The app and its keys.</param>
/// <param name="EventLog">The entries that lead to the registers, as an array.</param>
/// <param name="AppCompose">The exact text of app-compose.json, whose SHA-256 is the compose hash.</param>
/// <param name="MrAggregated">Hash over the registers.</param>
/// <param name="OsImageHash">The OS image.</param>
/// <param name="ComposeHash">The app's compose hash.</param>
/// <param name="DeviceId">The host's processor.</param>
public sealed record TcbInfo(
    [property: JsonPropertyName("mrtd")] string MrTd,
    string Rtmr0,
    string Rtmr1,
    string Rtmr2,
    string Rtmr3,
    JsonElement EventLog,
    string AppCompose = "",
    string MrAggregated = "",
    string OsImageHash = "",
    string ComposeHash = "",
    string DeviceId = "");

/// <summary>Which agent answers.</summary>
/// <param name="Version">Such as <c>0.5.7</c>.</param>
/// <param name="Rev">The source revision.</param>
public sealed record VersionResponse(string Version, string Rev = "")
{
    /// <summary>The leading numbers of <see cref="Version"/>; null where there are none.</summary>
    public Version? Number
    {
        get
        {
            string text = Version.TrimStart('v');
            int end = 0;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
                end++;
            return System.Version.TryParse(text[..end].TrimEnd('.'), out Version? number) ? number : null;
        }
    }
}
