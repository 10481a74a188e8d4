#if !STANDIN
using OrleansServe.Silo.Clustering;
#endif
using OrleansServe.Silo.Options;

namespace OrleansServe.Silo.Hosting;

/// <summary>Decides how a silo comes to be a member of its cluster.</summary>
internal static class SiloMembership
{
    /// <summary>Looks at what was asked for; nothing is dialled yet.</summary>
    /// <exception cref="SiloOptionsException">This build or these roles cannot do it.</exception>
    public static ISiloMembership Create(SiloOptions options)
    {
        if (options.Clustering.Redis is null)
        {
            return options.Roles.HasFlag(SiloRoleList.WholeCluster)
                ? new OwnMembership()
                : throw new SiloOptionsException([$"--roles must have {SiloRoleList.Format(SiloRoleList.WholeCluster)} where there is one process, not only {SiloRoleList.Format(options.Roles)}"]);
        }

#if STANDIN
        throw new SiloOptionsException(["--redis: this build has no clustering (it was made from the stand-ins for Orleans); several processes need a build from the published packages"]);
#else
        return new RedisMembership(options, RedisLink.Create(options.Clustering, TimeProvider.System));
#endif
    }
}
