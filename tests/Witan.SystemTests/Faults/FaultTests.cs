using Xunit;

namespace Witan.SystemTests.Faults;

/// <summary>Whole councils that are killed: one at a time, or they would starve each other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultTests
{
    public const string Name = "faults";
}
