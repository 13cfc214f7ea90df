// One cluster at a time: they share the machine, and a starved node looks like a dead one.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
