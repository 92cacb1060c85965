using Witan.Attestation;
using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Reports;

/// <summary>What the verdict calls usable, beside what the tree says of it.</summary>
internal static class UsableTees
{
    /// <summary>No TEE that confidential workers are told to use has a visible error in its own tree.</summary>
    public static void HaveNoError(MachineReport report, string machine)
    {
        foreach (MachineReport.Tee tee in report.Tees.Where(tee => tee.Applies && tee.Workers == Mark.Supported))
        {
            foreach ((Check check, string path) in tee.Roots.SelectMany(root => root.Visible()))
                Assert.False(check.Problem?.Finding.Severity == FindingSeverity.Error, $"{machine}: {tee.Label} is usable beside {path}: {check.Problem?.Finding.Code}");
        }
    }
}
