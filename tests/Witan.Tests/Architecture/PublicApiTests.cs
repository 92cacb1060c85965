using System.Reflection;
using System.Text;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Architecture;

/// <summary>An API change is a visible diff: the public surface of each package is a committed text.</summary>
public class PublicApiTests
{
    [Theory]
    [InlineData("Witan.Crypto")]
    [InlineData("Witan.Attestation")]
    [InlineData("Witan.Machine")]
    [InlineData("Witan.Dstack")]
    [InlineData("Witan.Voting")]
    public void The_public_surface_is_the_committed_one(string package) =>
        Snapshot.Match($"{package}.PublicApi.txt", Describe(Assembly.Load(package)));

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').AppendLine(type.FullName);
            const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            var members = type.GetMembers(own)
                .Where(member => member is not MethodInfo { IsSpecialName: true } && !Generated(member))
                .Select(member => member.ToString()!).Order(StringComparer.Ordinal);
            foreach (string member in members)
                text.Append("    ").AppendLine(member);
        }

        return text.ToString();
    }

    // What the compiler writes for every record says nothing about the design.
    private static bool Generated(MemberInfo member) =>
        member.Name is "Equals" or "GetHashCode" or "ToString" or "<Clone>$" or "Deconstruct" or "value__";

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class" : "class";
}
