using System.Xml.Linq;

using Xunit;

namespace OrleansServe.UnitTests.Architecture;

public sealed class ProjectReferenceTests
{
    private const string StandIns = "src/StandIns/";

    // References point down only; a new edge is a decision, and is made here.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["OrleansServe.Model"] = [],
        ["OrleansServe.Kernels"] = [],
        ["OrleansServe.Policies"] = [],
        ["OrleansServe.Abstractions"] = [],
        ["OrleansServe.Protocol"] = [],
        ["OrleansServe.Engine"] = ["OrleansServe.Model", "OrleansServe.Kernels"],
        ["OrleansServe.Transfer"] = ["OrleansServe.Model"],
        ["OrleansServe.Grains"] = ["OrleansServe.Abstractions", "OrleansServe.Policies", "OrleansServe.Engine", "OrleansServe.Transfer"],
        ["OrleansServe.Gateway"] = ["OrleansServe.Abstractions", "OrleansServe.Model", "OrleansServe.Policies", "OrleansServe.Transfer", "OrleansServe.Protocol"],
        ["OrleansServe.Simulation"] = ["OrleansServe.Policies"],
        ["OrleansServe.Silo"] = ["OrleansServe.Gateway", "OrleansServe.Grains"],
        ["OrleansServe.Cli"] = ["OrleansServe.Silo", "OrleansServe.Protocol", "OrleansServe.Model", "OrleansServe.Engine", "OrleansServe.Simulation"],
        ["OrleansServe.StandIns.Orleans"] = [],
        ["OrleansServe.StandIns.Grpc"] = [],
        ["OrleansServe.StandIns.Prometheus"] = [],
    };

    public static TheoryData<string> Projects => [.. RepositoryTree.Files("*.csproj").Where(path => !path.StartsWith("tests/", StringComparison.Ordinal) && !path.StartsWith("bench/", StringComparison.Ordinal))];

    public static TheoryData<string> AllProjects => [.. RepositoryTree.Files("*.csproj")];

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_OfProduct_PointDownOnly(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);

        Assert.True(Allowed.ContainsKey(name), $"{project} has no entry in the table of allowed references.");
        Assert.Empty(References(project).Except(Allowed[name]));
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void References_ToStandIns_AreLeftToTheTargets(string project) =>
        Assert.DoesNotContain(References(project), name => name.StartsWith("OrleansServe.StandIns.", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void References_Everywhere_ExistAndCarryNoCondition(string project)
    {
        string folder = Path.GetDirectoryName(Path.Combine(RepositoryTree.Root, project))!;

        Assert.All(Elements(project, "ProjectReference"), reference =>
        {
            Assert.True(File.Exists(Path.Combine(folder, reference.Attribute("Include")!.Value)), $"{project}: {reference}");
            Assert.Null(reference.Attribute("Condition"));
        });
    }

    [Fact]
    public void StandIns_InTheTargets_AreReferencedInStandInModeOnly()
    {
        XDocument targets = XDocument.Load(Path.Combine(RepositoryTree.Root, "Directory.Build.targets"));
        List<XElement> references = [.. targets.Descendants("ProjectReference")];

        Assert.Equal(3, references.Count);
        Assert.All(references, reference => Assert.Equal("'$(OrleansServePackages)' == 'StandIn'", reference.Parent!.Attribute("Condition")?.Value));
        Assert.All(references, reference => Assert.Contains(StandIns, reference.Attribute("Include")!.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Table_EveryEntry_IsAProject() =>
        Assert.Empty(Allowed.Keys.Except(RepositoryTree.Files("*.csproj").Select(Path.GetFileNameWithoutExtension)));

    private static IEnumerable<string> References(string project) =>
        Elements(project, "ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static IEnumerable<XElement> Elements(string project, string name) =>
        XDocument.Load(Path.Combine(RepositoryTree.Root, project)).Descendants(name);
}
