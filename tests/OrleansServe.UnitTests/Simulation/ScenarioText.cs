using System.Text;
using System.Text.Json.Nodes;

using OrleansServe.Simulation.Scenarios;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

/// <summary>Scenarios that differ from the embedded one in some fields.</summary>
internal static class ScenarioText
{
    /// <summary>The embedded one.</summary>
    public static JsonObject Default()
    {
        using Stream stream = typeof(ScenarioReader).Assembly.GetManifestResourceStream("deepseek-day.json")!;
        return JsonNode.Parse(stream)!.AsObject();
    }

    /// <summary>One whose field at a path is another.</summary>
    public static JsonObject With(this JsonObject scenario, string path, JsonNode? value)
    {
        string[] names = path.Split('.');
        JsonObject holder = scenario;
        foreach (string name in names[..^1])
        {
            holder = (holder[name] ??= new JsonObject()).AsObject();
        }

        holder[names[^1]] = value;
        return scenario;
    }

    /// <summary>One without a field.</summary>
    public static JsonObject Without(this JsonObject scenario, string path)
    {
        string[] names = path.Split('.');
        JsonObject holder = names[..^1].Aggregate(scenario, (at, name) => at[name]!.AsObject());
        Assert.True(holder.Remove(names[^1]));
        return scenario;
    }

    public static Scenario Read(this JsonObject scenario) => ScenarioReader.Read(Encoding.UTF8.GetBytes(scenario.ToJsonString()));
}
