namespace Witan.Dstack.Simulator;

/// <summary>A request that the real agent would refuse, with its words.</summary>
internal sealed class AgentException(string message) : Exception(message);
