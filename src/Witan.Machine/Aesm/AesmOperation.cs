namespace Witan.Machine;

/// <summary>Operations of AESM by their field number, which is the same in request and response.</summary>
internal enum AesmOperation
{
    InitQuote = 1,
    GetQuote = 2,
    GetLaunchToken = 3,
    ReportError = 4,
    WhiteListSize = 10,
    WhiteList = 11,
    GetExtendedGroupId = 12,
    SwitchExtendedGroup = 13,
    Register = 14,
    InitQuoteEx = 15,
    GetQuoteSizeEx = 16,
    GetQuoteEx = 17,
    CheckUpdateStatus = 18,
    SelectAttestationKey = 19,

    /// <summary>Only in a response: the service is too old for the request.</summary>
    Unsupported = 20,
    GetSupportedAttestationKeyCount = 21,
    GetSupportedAttestationKeys = 22,
}
