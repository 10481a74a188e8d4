using System.Diagnostics.CodeAnalysis;

using Orleans.GrainDirectory;
using Orleans.Metadata;
using Orleans.Runtime.GrainDirectory;

using OrleansServe.Grains.Placement;

namespace OrleansServe.Silo.Clustering;

/// <summary>Gives grains placed by <see cref="NodePlacementStrategy"/> the <see cref="NodeGrainDirectory"/>.</summary>
/// <param name="directory">This silo's.</param>
internal sealed class NodeGrainDirectoryResolver(NodeGrainDirectory directory) : IGrainDirectoryResolver
{
    public bool TryResolveGrainDirectory(GrainType grainType, GrainProperties? properties, [NotNullWhen(true)] out IGrainDirectory? grainDirectory)
    {
        bool byNode = properties is not null
            && properties.Properties.TryGetValue(WellKnownGrainTypeProperties.PlacementStrategy, out string? placement)
            && placement == nameof(NodePlacementStrategy);
        grainDirectory = byNode ? directory : null;
        return byNode;
    }
}
